//! The register of patients: a few with a story, told in `docs/sandbox.md`, and many others.

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use super::{Random, names};

/// How many patients the hospital begins with.
const COUNT: usize = 200;

/// One patient as RM keeps them.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Patient {
    /// Opaque to clients: `1|1001`.
    pub(crate) id: String,
    pub(crate) number: i64,
    pub(crate) name: String,
    pub(crate) social_name: String,
    pub(crate) mother: String,
    /// Eleven digits, or empty.
    pub(crate) cpf: String,
    pub(crate) birth: Option<Date>,
    /// As the reception typed it: `11987654321` or `(11) 98765-4321`; empty where unknown.
    pub(crate) cell_phone: String,
    pub(crate) email: String,
    pub(crate) sex: String,
    pub(crate) sus_card: String,
    pub(crate) contact_name: String,
    pub(crate) contact_phone: String,
    pub(crate) contact_ddd: String,
    pub(crate) observation: String,
    pub(crate) vip: bool,
    pub(crate) insurer: usize,
    pub(crate) plan: usize,
    pub(crate) card: String,
}

/// A patient whom testers are introduced to.
pub(crate) struct DemoPatient {
    pub(crate) name: &'static str,
    pub(crate) mother: &'static str,
    pub(crate) sex: &'static str,
    pub(crate) cpf: &'static str,
    pub(crate) birth: Date,
    /// The number with country code, as people know it.
    pub(crate) phone: &'static str,
    /// How many appointments they have on the day after the first.
    pub(crate) tomorrow: usize,
    pub(crate) insurer: usize,
    /// For the page, in Portuguese.
    pub(crate) story: &'static str,
}

/// In the order of the page. Each CPF is valid by its check digits and belongs to nobody that we know of: they are the
/// numbers that every Brazilian manual uses.
pub(crate) const DEMO: &[DemoPatient] = &[
    DemoPatient {
        name: "Maria Aparecida de Souza",
        mother: "Conceição de Souza",
        sex: "F",
        cpf: "52998224725",
        birth: date(1968, 4, 12),
        phone: "5511987654321",
        tomorrow: 2,
        insurer: 1,
        story: "tem duas consultas amanhã",
    },
    DemoPatient {
        name: "João Carlos Pereira",
        mother: "Lourdes Pereira",
        sex: "M",
        cpf: "11144477735",
        birth: date(1979, 9, 3),
        phone: "5511976543210",
        tomorrow: 1,
        insurer: 2,
        story: "tem uma consulta amanhã",
    },
    DemoPatient {
        name: "Ana Beatriz Lima",
        mother: "Rosana Lima",
        sex: "F",
        cpf: "12345678909",
        birth: date(1994, 1, 27),
        phone: "5511965432109",
        tomorrow: 0,
        insurer: 0,
        story: "cadastrada, sem nenhuma consulta",
    },
    DemoPatient {
        name: "José Roberto de Oliveira",
        mother: "Geralda de Oliveira",
        sex: "M",
        cpf: "98765432100",
        birth: date(1955, 12, 30),
        phone: "5531996883193",
        tomorrow: 1,
        insurer: 3,
        story: "uma consulta amanhã; conta antiga, sem o nono dígito",
    },
    DemoPatient {
        name: "Antônia Ferreira da Silva",
        mother: "Raimunda Ferreira",
        sex: "F",
        cpf: "16899535009",
        birth: date(1987, 7, 8),
        phone: "5511954321098",
        tomorrow: 0,
        insurer: 4,
        story: "mãe do Miguel; o telefone é dos dois",
    },
    DemoPatient {
        name: "Miguel Ferreira da Silva",
        mother: "Antônia Ferreira da Silva",
        sex: "M",
        cpf: "15350946056",
        birth: date(2018, 2, 19),
        phone: "5511954321098",
        tomorrow: 1,
        insurer: 4,
        story: "criança; uma consulta amanhã, telefone da mãe",
    },
];

/// The register for a seed: the demo's patients first.
pub(crate) fn patients(seed: u64, company: &str, insurers: &[usize]) -> Vec<Patient> {
    let mut list: Vec<Patient> =
        DEMO.iter().enumerate().map(|(at, demo)| demo_patient(company, at, demo)).collect();
    for at in DEMO.len()..COUNT {
        let mut random = Random::of(&[seed, 1, at as u64]);
        let name = names::person(&mut random);
        let birth = birth(&mut random);
        let insurer = random.below(insurers.len());
        let ddd = *random.pick(&["11", "11", "11", "11", "11", "12", "13", "19", "21", "31"]);
        let digits = format!("{ddd}9{}{}", random.between(6, 9), random.digits(7));
        let cell_phone = match random.below(100) {
            0..7 => String::new(),
            7..30 => format!("({}) {}-{}", &digits[..2], &digits[2..7], &digits[7..]),
            _ => digits,
        };
        let number = 1001 + at as i64;
        list.push(Patient {
            id: format!("{company}|{number}"),
            number,
            social_name: String::new(),
            email: if random.percent(60) { email(&name.full, at) } else { String::new() },
            mother: name.mother,
            sex: if name.woman { "F" } else { "M" }.into(),
            name: name.full,
            cpf: cpf(&random.digits(9)),
            // Some were registered in a hurry (totvs-rm.md §4: without it the confirmation fails to be sent).
            birth: random.percent(96).then_some(birth),
            cell_phone,
            sus_card: format!("7{}", random.digits(14)),
            contact_name: String::new(),
            contact_phone: String::new(),
            contact_ddd: String::new(),
            observation: String::new(),
            vip: random.percent(3),
            plan: random.below(insurers[insurer]),
            card: if insurer == 0 { String::new() } else { random.digits(12) },
            insurer,
        });
    }
    list
}

fn demo_patient(company: &str, at: usize, demo: &DemoPatient) -> Patient {
    let number = 1001 + at as i64;
    Patient {
        id: format!("{company}|{number}"),
        number,
        name: demo.name.into(),
        social_name: String::new(),
        mother: demo.mother.into(),
        cpf: demo.cpf.into(),
        birth: Some(demo.birth),
        cell_phone: demo.phone[2..].into(),
        email: email(demo.name, at),
        sex: demo.sex.into(),
        sus_card: format!("7{:014}", 20_500 + at),
        contact_name: String::new(),
        contact_phone: String::new(),
        contact_ddd: String::new(),
        observation: String::new(),
        vip: false,
        insurer: demo.insurer,
        plan: 0,
        card: if demo.insurer == 0 { String::new() } else { format!("{:012}", 480_017_000 + at) },
    }
}

fn birth(random: &mut Random) -> Date {
    let year = 1934 + random.below(90) as i16;
    Date::new(year, random.between(1, 12) as i8, random.between(1, 28) as i8).expect("a day up to 28 exists")
}

fn email(name: &str, at: usize) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|c| match c {
            'á' | 'â' | 'ã' | 'à' => 'a',
            'é' | 'ê' => 'e',
            'í' => 'i',
            'ó' | 'ô' | 'õ' => 'o',
            'ú' => 'u',
            'ç' => 'c',
            other => other,
        })
        .collect();
    let mut words = plain.split(' ');
    let first = words.next().unwrap_or("paciente");
    format!("{first}.{}{at}@example.com", words.next_back().unwrap_or("silva"))
}

/// Nine digits with their two check digits.
pub(crate) fn cpf(base: &str) -> String {
    let mut digits: Vec<u32> = base.chars().filter_map(|c| c.to_digit(10)).collect();
    for _ in 0..2 {
        let first = digits.len() as u32 + 1;
        let sum: u32 = digits.iter().zip((2..=first).rev()).map(|(digit, weight)| digit * weight).sum();
        let rest = sum * 10 % 11;
        digits.push(if rest == 10 { 0 } else { rest });
    }
    digits.into_iter().map(|digit| char::from(b'0' + digit as u8)).collect()
}

/// Whether eleven digits are a CPF by their check digits.
pub(crate) fn is_cpf(text: &str) -> bool {
    text.len() == 11
        && text.bytes().all(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b != text.as_bytes()[0])
        && cpf(&text[..9]) == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cpf_is_valid_and_belongs_to_one_patient() {
        let list = patients(1, "1", &[1, 3, 3, 3, 2, 2, 1]);
        assert_eq!(list.len(), 200);
        for patient in &list {
            assert!(is_cpf(&patient.cpf), "{} of {}", patient.cpf, patient.name);
        }
        let mut cpfs: Vec<_> = list.iter().map(|patient| &patient.cpf).collect();
        cpfs.sort();
        cpfs.dedup();
        assert_eq!(cpfs.len(), 200);
        assert!(!is_cpf("11111111111") && !is_cpf("52998224726") && !is_cpf("5299822472"));
    }

    #[test]
    fn some_lack_a_mobile_or_a_birth_date() {
        let list = patients(1, "1", &[1, 3, 3, 3, 2, 2, 1]);
        assert!(list.iter().any(|patient| patient.cell_phone.is_empty()));
        assert!(list.iter().any(|patient| patient.birth.is_none()));
        assert!(list.iter().any(|patient| patient.cell_phone.starts_with('(')));
        assert!(list.iter().all(|patient| patient.cell_phone.len() <= 15));
    }

    #[test]
    fn the_same_seed_gives_the_same_people() {
        let of = |seed| patients(seed, "1", &[1, 3]).into_iter().map(|p| p.name + &p.cpf).collect::<Vec<_>>();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }
}
