//! How contacts behave: they answer, talk nonsense, write in bursts, tap old buttons, or fall silent.

use fluxo_engine::protocol::{Choice, Content, Message};

use super::agenda::Event;
use super::chance::Chance;
use super::world::World;
use crate::store::Address;

/// What a contact may say that answers nothing.
const NONSENSE: &[&str] =
    &["??", "oi", "asdf", "bom dia, tudo bem?", "7", "sim", "não", "atendente", "sair", "menu"];

#[derive(Debug)]
pub(super) struct Person {
    number: u64,
    /// All that the provider knows of where they are.
    address: Address,
    /// How the provider tells it: always in the same form, or each time in another.
    form: Form,
    /// Messages still to be written.
    left: u64,
    /// The last message on the phone.
    last: Option<Message>,
    /// All buttons ever seen.
    buttons: Vec<Choice>,
    /// Messages written so far: the next one's number.
    written: u64,
}

/// What of an address is told with a message.
#[derive(Debug, Clone, Copy)]
enum Form {
    Both,
    Phone,
    User,
    /// Now this, now that: two contacts are found to be one.
    Any,
}

impl Person {
    pub(super) fn of(number: u64, talk: u64, chance: &mut Chance) -> Self {
        let phone = Some(format!("5511987650{number:03}"));
        let user = Some(format!("BR.{number}"));
        let form = *chance.pick(&[Form::Both, Form::Both, Form::Phone, Form::User, Form::Any]);
        let address = Address { user, phone, username: None };
        Self { number, address, form, left: talk, last: None, buttons: Vec::new(), written: 0 }
    }

    /// The address as it is told this time.
    pub(super) fn told(&self, chance: &mut Chance) -> Address {
        let form = match self.form {
            Form::Any => *chance.pick(&[Form::Both, Form::Phone, Form::User]),
            form @ (Form::Both | Form::Phone | Form::User) => form,
        };
        match form {
            Form::Both | Form::Any => self.address.clone(),
            Form::Phone => Address { user: None, ..self.address.clone() },
            Form::User => Address { phone: None, ..self.address.clone() },
        }
    }

    /// Whether this is the one who is written to.
    pub(super) fn is_at(&self, to: &Address) -> bool {
        let same = |own: &Option<String>, to: &Option<String>| own.is_some() && own == to;
        same(&self.address.user, &to.user) || same(&self.address.phone, &to.phone)
    }

    /// Nothing more is written.
    pub(super) fn falls_silent(&mut self) {
        self.left = 0;
    }

    /// A message is on the phone.
    pub(super) fn reads(&mut self, message: &Message) {
        self.buttons.extend(choices(message).iter().cloned());
        self.last = Some(message.clone());
    }

    /// What is written next: a few messages at most, with the moments between them in milliseconds.
    pub(super) fn writes(&mut self, chance: &mut Chance) -> Vec<(String, Content, u64)> {
        let many = if chance.per_mille(150) { chance.between(2, 5) } else { 1 };
        let many = many.min(self.left);
        self.left -= many;
        let mut written = Vec::new();
        for _ in 0..many {
            let id = format!("in-{}-{}", self.number, self.written);
            self.written += 1;
            written.push((id, self.says(chance), chance.between(0, 2500)));
        }
        written
    }

    fn says(&self, chance: &mut Chance) -> Content {
        let text = |text: &str| Content::Text { text: text.to_owned() };
        match chance.below(100) {
            0..12 => return text(chance.pick::<&str>(NONSENSE)),
            12..16 if !self.buttons.is_empty() => return tap(chance.pick(&self.buttons)),
            16..18 => {
                return Content::Reaction { emoji: Some("👍".to_owned()), to: "out-1".to_owned() };
            }
            _ => {}
        }
        let Some(last) = &self.last else { return text("oi") };
        let offered = choices(last);
        if !offered.is_empty() {
            let choice = chance.pick(offered);
            return if chance.per_mille(800) { tap(choice) } else { text(&choice.title) };
        }
        let Message::Text { text: asked } = last else { return text("ok") };
        let answers: &[&str] = if asked.contains("nome") {
            &["Ana Lima", "bia souza", "Carlos"]
        } else if asked.contains("Mais alguma coisa") {
            &["sim", "não", "não"]
        } else if asked.contains("nota") {
            &["9", "10", "dois"]
        } else if asked.contains("recado") {
            &["preciso remarcar", "é sobre o exame", "obrigada"]
        } else {
            &["oi", "ok", "menu"]
        };
        text(chance.pick::<&str>(answers))
    }
}

fn choices(message: &Message) -> &[Choice] {
    match message {
        Message::Buttons { buttons, .. } => buttons,
        Message::List { rows, .. } => rows,
        Message::Text { .. }
        | Message::Media { .. }
        | Message::Location { .. }
        | Message::Link { .. }
        | Message::Template { .. }
        | Message::LocationRequest { .. }
        | Message::PhoneRequest { .. } => &[],
    }
}

fn tap(choice: &Choice) -> Content {
    Content::Tap { id: choice.id.clone(), title: choice.title.clone() }
}

impl World {
    /// A message is on somebody's phone, who may answer.
    pub(super) fn arrives(&mut self, to: &Address, message: &Message) {
        let Some(who) = self.people.iter().position(|person| person.is_at(to)) else {
            return self.breaks(format!("a message went to nobody: {to:?}"));
        };
        self.people[who].reads(message);
        self.will_think(who);
    }

    /// A contact will think about writing.
    pub(super) fn will_think(&mut self, who: usize) {
        let wait = match self.chance.below(100) {
            0..60 => self.chance.between(200, 8_000),
            60..88 => self.chance.between(8_000, 90_000),
            88..96 => self.chance.between(5 * 60_000, 25 * 60_000),
            96..98 => self.chance.between(20 * 3_600_000, 30 * 3_600_000),
            _ => return,
        };
        self.agenda.after(wait, Event::Think(who));
    }

    /// A contact writes, if there is something left to be written.
    pub(super) fn thinks(&mut self, who: usize) {
        let written = self.people[who].writes(&mut self.chance);
        if !written.is_empty() {
            let address = self.people[who].told(&mut self.chance);
            self.is_written(&address, written);
            // Should no answer come, they will not wait for ever.
            let patience = self.chance.between(20_000, 10 * 60_000);
            self.agenda.after(patience, Event::Think(who));
        }
    }
}
