//! The patients, one file per kind: what each does again and again until the run is over. Each answers what the audit must
//! know of it.

pub(super) mod booking;
pub(super) mod confirming;
pub(super) mod visiting;
pub(super) mod writing;

/// What the patients did, as far as chats and books do not tell it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Deeds {
    /// Texts that are each to be read and noted once.
    pub(super) noted: Vec<String>,
    /// Codes of bookings that were begun.
    pub(super) bookings: Vec<String>,
    /// Confirmations that were asked for: code and appointment, in the order of asking for each appointment.
    pub(super) presences: Vec<(String, String)>,
    /// Codes of visits to the desk.
    pub(super) visits: Vec<String>,
    /// Texts for people: no flow plays them.
    pub(super) for_people: Vec<String>,
}

impl Deeds {
    /// Those of two.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.noted.extend(other.noted);
        self.bookings.extend(other.bookings);
        self.presences.extend(other.presences);
        self.visits.extend(other.visits);
        self.for_people.extend(other.for_people);
        self
    }
}
