//! What does not change from day to day: specialties, units, doctors with their agendas, insurers with their plans.

use jiff::civil::{Time, time};

pub(crate) struct Specialty {
    pub(crate) code: &'static str,
    pub(crate) description: &'static str,
}

pub(crate) struct Unit {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) name: &'static str,
    pub(crate) street: &'static str,
    pub(crate) number: &'static str,
    pub(crate) neighborhood: &'static str,
    pub(crate) city: &'static str,
    pub(crate) postal_code: &'static str,
    pub(crate) phone: &'static str,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

impl Unit {
    pub(crate) fn address(&self) -> String {
        format!("{}, {} - {}, {}", self.street, self.number, self.neighborhood, self.city)
    }
}

pub(crate) struct Doctor {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) name: &'static str,
    pub(crate) specialty: usize,
    /// Registration at the regional council of medicine of São Paulo.
    pub(crate) crm: String,
    /// Positions of the insurers that the doctor accepts.
    pub(crate) insurers: Vec<usize>,
}

/// A doctor's agenda at one unit.
pub(crate) struct Schedule {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) doctor: usize,
    pub(crate) unit: usize,
    /// Monday is 0.
    pub(crate) weekdays: Vec<i8>,
    pub(crate) opens: Time,
    pub(crate) closes: Time,
    /// Start and end of the break.
    pub(crate) lunch: Option<(Time, Time)>,
    pub(crate) slot_minutes: i64,
    /// Works on Sundays and holidays too.
    pub(crate) on_call: bool,
}

pub(crate) struct Plan {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) name: &'static str,
}

pub(crate) struct Insurer {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) name: &'static str,
    pub(crate) initials: &'static str,
    /// Shape of the card's number; empty for who pays out of pocket.
    pub(crate) card_mask: &'static str,
    pub(crate) plans: Vec<Plan>,
}

pub(crate) struct Hospital {
    pub(crate) company: String,
    pub(crate) name: &'static str,
    pub(crate) specialties: &'static [Specialty],
    pub(crate) units: Vec<Unit>,
    pub(crate) doctors: Vec<Doctor>,
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) insurers: Vec<Insurer>,
}

const SPECIALTIES: &[Specialty] = &[
    Specialty { code: "CARD", description: "Cardiologia" },
    Specialty { code: "CLIN", description: "Clínica Médica" },
    Specialty { code: "DERM", description: "Dermatologia" },
    Specialty { code: "ENDO", description: "Endocrinologia e Metabologia" },
    Specialty { code: "GAST", description: "Gastroenterologia" },
    Specialty { code: "GINE", description: "Ginecologia e Obstetrícia" },
    Specialty { code: "NEUR", description: "Neurologia" },
    Specialty { code: "OFTA", description: "Oftalmologia" },
    Specialty { code: "ORTO", description: "Ortopedia e Traumatologia" },
    Specialty { code: "OTOR", description: "Otorrinolaringologia" },
    Specialty { code: "PEDI", description: "Pediatria" },
    Specialty { code: "UROL", description: "Urologia" },
];

/// Name, specialty, unit, shift, and the unit of a second agenda where there is one.
type DoctorRow = (&'static str, &'static str, usize, Shift, Option<usize>);

#[derive(Clone, Copy, PartialEq)]
enum Shift {
    Day,
    Morning,
    Afternoon,
    /// Every day of the year.
    OnCall,
}

#[rustfmt::skip]
const DOCTORS: &[DoctorRow] = &[
    ("Dra. Helena Vasconcelos Prado", "CARD", 0, Shift::Day, Some(1)),
    ("Dr. Antônio Sérgio Bittencourt", "CARD", 2, Shift::Morning, None),
    ("Dra. Lílian Takahashi", "CARD", 1, Shift::Afternoon, Some(3)),
    ("Dr. Ricardo Menezes Falcão", "CLIN", 0, Shift::OnCall, None),
    ("Dra. Sílvia Regina Coutinho", "CLIN", 1, Shift::Day, None),
    ("Dr. Paulo Henrique Assunção", "CLIN", 2, Shift::Morning, Some(3)),
    ("Dra. Mariana Lacerda Fontes", "DERM", 0, Shift::Day, None),
    ("Dr. Eduardo Kenji Yamamoto", "DERM", 1, Shift::Afternoon, Some(2)),
    ("Dra. Beatriz Sampaio Leal", "ENDO", 0, Shift::Morning, Some(2)),
    ("Dr. Cláudio Magalhães Neto", "ENDO", 3, Shift::Day, None),
    ("Dr. Fernando Aguiar Pestana", "GAST", 1, Shift::Day, None),
    ("Dra. Renata Cury Haddad", "GAST", 0, Shift::Afternoon, None),
    ("Dra. Juliana Pimentel Rocha", "GINE", 1, Shift::Day, Some(0)),
    ("Dra. Carolina Abreu Sodré", "GINE", 2, Shift::Morning, None),
    ("Dra. Teresa Cristina Belmonte", "GINE", 3, Shift::Afternoon, None),
    ("Dr. Gustavo Rangel Bastos", "NEUR", 0, Shift::Morning, None),
    ("Dra. Paula Viotti Carneiro", "NEUR", 2, Shift::Day, None),
    ("Dr. Marcos Vinícius Tolentino", "OFTA", 1, Shift::Day, None),
    ("Dra. Ingrid Schneider Klein", "OFTA", 0, Shift::Afternoon, Some(3)),
    ("Dr. Rodrigo Fagundes Maia", "OFTA", 3, Shift::Morning, None),
    ("Dr. André Luiz Portela", "ORTO", 0, Shift::Day, None),
    ("Dr. Thiago Moraes Quintela", "ORTO", 2, Shift::Afternoon, None),
    ("Dra. Luciana Braga Vidal", "ORTO", 1, Shift::Morning, None),
    ("Dr. Otávio Brandão Reis", "OTOR", 0, Shift::Afternoon, None),
    ("Dra. Denise Nakamura", "OTOR", 3, Shift::Day, None),
    ("Dra. Aline Furtado Meirelles", "PEDI", 0, Shift::OnCall, None),
    ("Dr. Leonardo Camargo Bueno", "PEDI", 2, Shift::Day, Some(1)),
    ("Dra. Vivian Torquato Salles", "PEDI", 1, Shift::Morning, None),
    ("Dr. Caetano Villela Duarte", "UROL", 0, Shift::Morning, None),
    ("Dr. Rubens Estêvão Alcântara", "UROL", 2, Shift::Day, None),
];

impl Hospital {
    /// Builds it for a company. Ids take the odd forms that production systems show (totvs-rm.md §2): `1|15` for
    /// people and places, `1$_$115` for agendas.
    pub(crate) fn new(company: &str) -> Self {
        let insurers = insurers(company);
        let doctors = doctors(company, insurers.len());
        Self {
            company: company.to_owned(),
            name: "Hospital Santa Clara",
            specialties: SPECIALTIES,
            units: units(company),
            schedules: schedules(company),
            doctors,
            insurers,
        }
    }

    pub(crate) fn schedule(&self, id: &str) -> Option<usize> {
        self.schedules.iter().position(|schedule| schedule.id == id)
    }

    pub(crate) fn doctor_of(&self, schedule: usize) -> &Doctor {
        &self.doctors[self.schedules[schedule].doctor]
    }

    pub(crate) fn unit_of(&self, schedule: usize) -> &Unit {
        &self.units[self.schedules[schedule].unit]
    }

    pub(crate) fn specialty_of(&self, schedule: usize) -> &Specialty {
        &self.specialties[self.doctor_of(schedule).specialty]
    }
}

fn units(company: &str) -> Vec<Unit> {
    type Row = (&'static str, [&'static str; 4], &'static str, &'static str, (f64, f64));
    #[rustfmt::skip]
    const ROWS: [Row; 4] = [
        ("Unidade Paulista", ["Rua Peixoto Gomide", "515", "Jardim Paulista", "São Paulo"], "01409-001", "1130030101", (-23.5585, -46.6568)),
        ("Unidade Vila Mariana", ["Rua Domingos de Morais", "2187", "Vila Mariana", "São Paulo"], "04035-000", "1130030102", (-23.5958, -46.6361)),
        ("Unidade Tatuapé", ["Rua Tuiuti", "1390", "Tatuapé", "São Paulo"], "03081-012", "1130030103", (-23.5392, -46.5764)),
        ("Unidade Santo André", ["Avenida Portugal", "1126", "Jardim Bela Vista", "Santo André"], "09041-320", "1130030104", (-23.6645, -46.5385)),
    ];
    ROWS.into_iter()
        .enumerate()
        .map(
            |(
                at,
                (name, [street, number, neighborhood, city], postal_code, phone, (latitude, longitude)),
            )| Unit {
                id: format!("{company}|{}", at + 1),
                code: (at + 1).to_string(),
                name,
                street,
                number,
                neighborhood,
                city,
                postal_code,
                phone,
                latitude,
                longitude,
            },
        )
        .collect()
}

fn doctors(company: &str, insurers: usize) -> Vec<Doctor> {
    DOCTORS
        .iter()
        .enumerate()
        .map(|(at, (name, specialty, ..))| Doctor {
            id: format!("{company}|{}", 11 + at),
            code: (11 + at).to_string(),
            name,
            specialty: SPECIALTIES
                .iter()
                .position(|one| one.code == *specialty)
                .expect("a specialty of the list"),
            crm: (84_211 + at * 3_917).to_string(),
            // Everyone sees who pays out of pocket; each insurer is missing at some doctors.
            insurers: (0..insurers).filter(|insurer| *insurer == 0 || (at + insurer) % 4 != 0).collect(),
        })
        .collect()
}

fn schedules(company: &str) -> Vec<Schedule> {
    let mut schedules = Vec::new();
    for (at, (name, code, unit, shift, second)) in DOCTORS.iter().enumerate() {
        let specialty = SPECIALTIES.iter().find(|one| one.code == *code).expect("a specialty of the list");
        let weekdays = match (shift, second) {
            (Shift::OnCall, _) => vec![0, 1, 2, 3, 4, 5, 6],
            (_, Some(_)) => vec![0, 2, 4],
            (Shift::Morning, None) if at % 2 == 1 => vec![0, 1, 2, 3, 4, 5],
            (Shift::Day | Shift::Morning | Shift::Afternoon, None) => vec![0, 1, 2, 3, 4],
        };
        let mut add = |unit: usize, weekdays: Vec<i8>, shift: Shift| {
            let number = 101 + schedules.len();
            let (opens, closes, lunch) = hours(shift);
            schedules.push(Schedule {
                id: format!("{company}$_${number}"),
                code: number.to_string(),
                name: format!("{} - {}", specialty.description, name),
                doctor: at,
                unit,
                weekdays,
                opens,
                closes,
                lunch,
                slot_minutes: if *code == "NEUR" || *code == "ENDO" {
                    40
                } else if at % 3 == 0 {
                    20
                } else {
                    30
                },
                on_call: shift == Shift::OnCall,
            });
        };
        add(*unit, weekdays, *shift);
        if let Some(second) = second {
            add(*second, vec![1, 3], if *shift == Shift::Day { Shift::Afternoon } else { *shift });
        }
    }
    schedules
}

fn hours(shift: Shift) -> (Time, Time, Option<(Time, Time)>) {
    let noon = (time(12, 0, 0, 0), time(13, 20, 0, 0));
    match shift {
        Shift::Day => (time(8, 0, 0, 0), time(17, 20, 0, 0), Some(noon)),
        Shift::Morning => (time(7, 20, 0, 0), time(12, 0, 0, 0), None),
        Shift::Afternoon => (time(13, 0, 0, 0), time(18, 40, 0, 0), None),
        Shift::OnCall => (time(7, 0, 0, 0), time(21, 0, 0, 0), Some(noon)),
    }
}

fn insurers(company: &str) -> Vec<Insurer> {
    let rows: [(&str, &str, &str, &[&str]); 7] = [
        ("Particular", "PART", "", &["Particular"]),
        ("Vida Serena Saúde", "VSS", "9999999999999999", &["Essencial", "Clássico", "Premium"]),
        ("BemCuidar Saúde", "BCS", "999999999999", &["Prata", "Ouro", "Diamante"]),
        ("Ipê Seguros Saúde", "IPE", "9999999999999", &["Nacional 100", "Nacional 300", "Executivo"]),
        (
            "Cooperativa Médica Bandeirante",
            "CMB",
            "99999999999999999",
            &["Básico Regional", "Amplo Nacional"],
        ),
        ("Aroeira Assistência", "AROE", "9999999999", &["Enfermaria", "Apartamento"]),
        ("Caixa dos Servidores Paulistas", "CSP", "99999999999", &["Titular e Dependentes"]),
    ];
    rows.into_iter()
        .enumerate()
        .map(|(at, (name, initials, card_mask, plans))| Insurer {
            id: format!("{company}|{}", at + 1),
            code: (at + 1).to_string(),
            name,
            initials,
            card_mask,
            plans: plans
                .iter()
                .enumerate()
                .map(|(plan, name)| Plan {
                    id: format!("{company}|{}|{}", at + 1, plan + 1),
                    code: format!("{:03}", plan + 1),
                    name,
                })
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_size_of_a_real_hospital() {
        let hospital = Hospital::new("1");
        assert_eq!((hospital.specialties.len(), hospital.doctors.len(), hospital.units.len()), (12, 30, 4));
        assert!(hospital.specialties.iter().all(|one| one.code.len() <= 4));
        for (specialty, known) in SPECIALTIES.iter().enumerate() {
            let doctors = hospital.doctors.iter().filter(|doctor| doctor.specialty == specialty).count();
            assert!(doctors >= 2, "{} has {doctors} doctors", known.description);
        }
        let mut ids: Vec<_> = hospital.schedules.iter().map(|schedule| &schedule.id).collect();
        ids.dedup();
        assert_eq!(ids.len(), hospital.schedules.len());
        assert_eq!(hospital.schedules[0].id, "1$_$101");
    }
}
