//! Values in play: what templates see, what they give, and the variables that keep it.

use serde_json::{Value, json};

use super::context::NodeContext;
use super::entries::Entries;
use super::play::Stop;
use crate::expr::{Expression, Scope, Template, TemplateTree};
use crate::protocol::{Contact, ContactChange, Object, TroubleCode, World};
use crate::session::{Session, WaitKind, json_size};

/// Bytes of variables over all frames and the frozen menu.
pub(crate) const MAX_STATE: usize = 64 * 1024;
/// Levels of a kept value: the stored form is read back to 128.
const MAX_DEPTH: usize = 64;
/// Values that every template sees, made when first needed.
pub(super) struct Roots {
    pub(super) contact: Option<Value>,
    pub(super) input: Option<Value>,
    env: Value,
    conversation: Value,
    campaign: Option<Value>,
}

impl Roots {
    /// What a turn's templates see of the world and the session.
    pub(super) fn new(world: &World, session: &Session) -> Self {
        Self {
            contact: None,
            input: None,
            env: Value::Object(world.project.env.clone()),
            conversation: json!({
                "id": world.conversation.id,
                "channel": world.conversation.channel,
                "window_open": world.conversation.window_open,
            }),
            campaign: session.campaign.clone().map(Value::Object),
        }
    }
}

impl NodeContext<'_> {
    /// Makes a value known to the templates of this node, until it is left or waits.
    pub(crate) fn local(&mut self, name: &str, value: Value) {
        match self.locals.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.locals.push((name.to_owned(), value)),
        }
    }

    /// Takes a local value away.
    pub(crate) fn take_local(&mut self, name: &str) -> Option<Value> {
        let at = self.locals.iter().position(|(known, _)| known == name)?;
        Some(self.locals.remove(at).1)
    }

    /// Forgets the local values.
    pub(crate) fn drop_locals(&mut self) {
        self.locals.clear();
    }

    /// Evaluates in the scope of the innermost frame.
    pub(crate) fn scoped<T>(&mut self, evaluate: impl FnOnce(&Scope<'_>) -> T) -> T {
        let contact = self.roots.contact.get_or_insert_with(|| contact_value(&self.contact));
        let input = self.roots.input.get_or_insert_with(|| Value::Object(self.session.input.clone()));
        let mut scope = Scope::new(self.now.clone(), &self.facts);
        let frame = self.session.frames.last();
        if let Some(frame) = frame {
            scope.layer(&frame.variables);
        }
        scope.root("contact", contact);
        scope.root("input", input);
        scope.root("env", &self.roots.env);
        scope.root("conversation", &self.roots.conversation);
        if let Some(campaign) = &self.roots.campaign {
            scope.root("campaign", campaign);
        }
        if !self.session.handoff.is_empty() {
            scope.root_owned("handoff", Value::Object(self.session.handoff.clone()));
        }
        if let Some(trouble) = frame.and_then(|frame| frame.trouble.as_ref()) {
            scope.root_owned(
                "trouble",
                json!({ "code": trouble.code.as_str(), "node": trouble.node, "flow": trouble.flow }),
            );
        }
        for (name, value) in &self.locals {
            scope.root(name, value);
        }
        evaluate(&scope)
    }

    /// What people read; anything absent in it is trouble.
    pub(crate) fn text(&mut self, template: &Template) -> Result<String, Stop> {
        Ok(self.scoped(|scope| template.text(scope))?)
    }

    /// As [`Self::text`], for HTML.
    pub(crate) fn html(&mut self, template: &Template) -> Result<String, Stop> {
        Ok(self.scoped(|scope| template.html(scope))?)
    }

    /// The text of a template that may be left out.
    pub(crate) fn text_if(&mut self, template: Option<&Template>) -> Result<Option<String>, Stop> {
        template.map(|template| self.text(template)).transpose()
    }

    /// A value of its own type; absent is `None`.
    pub(crate) fn value(&mut self, template: &Template) -> Result<Option<Value>, Stop> {
        Ok(self.scoped(|scope| template.value(scope))?)
    }

    /// A JSON value with holes; absent is `None`.
    pub(crate) fn tree(&mut self, tree: &TemplateTree) -> Result<Option<Value>, Stop> {
        Ok(self.scoped(|scope| tree.value(scope))?)
    }

    /// Whether a condition holds.
    pub(crate) fn holds(&mut self, condition: &Expression) -> Result<bool, Stop> {
        Ok(self.scoped(|scope| condition.truth(scope))?)
    }

    /// A list to go over. Absent is an empty one; anything but a list is trouble.
    pub(crate) fn list(&mut self, expression: &Expression) -> Result<Vec<Value>, Stop> {
        match self.scoped(|scope| expression.value(scope))? {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items),
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => Err(
                Stop::trouble(TroubleCode::ValueInvalid, format!("`{}` is not a list", expression.source())),
            ),
        }
    }

    /// Computed members, in the order written; what is absent is left out.
    pub(crate) fn members(&mut self, trees: &Entries<TemplateTree>) -> Result<Object, Stop> {
        let mut members = Object::new();
        for (name, tree) in trees.iter() {
            if let Some(value) = self.tree(tree)?.filter(|value| !value.is_null()) {
                members.insert(name.to_owned(), value);
            }
        }
        Ok(members)
    }

    /// Assigns a variable of the innermost frame, and to the contact if it is to be remembered. Absent removes it.
    pub(crate) fn assign(&mut self, name: &str, value: Option<Value>) -> Result<(), Stop> {
        if let Some(value) = &value {
            check_nesting(name, value)?;
        }
        let variables = &mut self.frame_mut()?.variables;
        let before = match value.clone() {
            Some(value) => variables.insert(name.to_owned(), value),
            // Not `remove`, which would reorder what stays.
            None => variables.shift_remove(name),
        };
        if let Err(too_large) = self.check_size() {
            let variables = &mut self.frame_mut()?.variables;
            match before {
                Some(before) => variables.insert(name.to_owned(), before),
                None => variables.shift_remove(name),
            };
            return Err(too_large);
        }
        if self.declares.remembers(name) && self.contact.fields.get(name) != value.as_ref() {
            self.change_contact(ContactChange::SetField { name: name.to_owned(), value });
        }
        Ok(())
    }

    /// Whether variables and the frozen menu are within their limit.
    pub(crate) fn check_size(&self) -> Result<(), Stop> {
        self.check_size_with(0)
    }

    /// As [`Self::check_size`], with so many bytes more.
    pub(crate) fn check_size_with(&self, more: usize) -> Result<(), Stop> {
        let variables: usize =
            self.session.frames.iter().flat_map(|frame| frame.variables.values()).map(json_size).sum();
        let calling: usize = self
            .session
            .frames
            .iter()
            .filter_map(|frame| frame.calling.as_ref())
            .flat_map(|calling| calling.items.iter().chain(&calling.results))
            .map(json_size)
            .sum();
        let menu = match self.session.waiting.as_ref().map(|waiting| &waiting.kind) {
            Some(WaitKind::Menu(menu)) => menu.size(),
            Some(
                WaitKind::Ask(_)
                | WaitKind::Consent { .. }
                | WaitKind::Http(_)
                | WaitKind::Handoff { .. }
                | WaitKind::Ticket { .. }
                | WaitKind::Pause { .. },
            )
            | None => 0,
        };
        let size = variables + calling + menu + more;
        if size > MAX_STATE {
            let detail = format!("variables and menus take {size} bytes, the limit is {MAX_STATE}");
            return Err(Stop::trouble(TroubleCode::TooLarge, detail));
        }
        Ok(())
    }
}

/// Whether a value that is to be kept can be read back from the stored form.
pub(crate) fn check_nesting(name: &str, value: &Value) -> Result<(), Stop> {
    if is_deeper(value, MAX_DEPTH) {
        return Err(Stop::trouble(TroubleCode::TooLarge, format!("`{name}` is nested too deeply")));
    }
    Ok(())
}

fn is_deeper(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(|item| is_deeper(item, levels - 1)),
        Value::Object(members) => levels == 0 || members.values().any(|member| is_deeper(member, levels - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// `contact` in templates: remembered fields stand beside what is always there, and never hide it.
fn contact_value(contact: &Contact) -> Value {
    let mut members = contact.fields.clone();
    members.insert("id".to_owned(), Value::from(contact.id.as_str()));
    let mut set = |name: &str, value: Option<&String>| match value {
        Some(value) => {
            members.insert(name.to_owned(), Value::from(value.as_str()));
        }
        None => {
            members.shift_remove(name);
        }
    };
    // A name that the contact told a flow is better than the one on their profile.
    if !contact.fields.get("name").is_some_and(Value::is_string) {
        set("name", contact.name.as_ref());
    }
    set("phone", contact.phone.as_ref());
    members.insert("tags".to_owned(), contact.tags.iter().map(String::as_str).collect());
    let consents: Object = contact
        .consents
        .iter()
        .map(|(purpose, consent)| (purpose.clone(), Value::from(consent.granted)))
        .collect();
    members.insert("consents".to_owned(), Value::Object(consents));
    Value::Object(members)
}
