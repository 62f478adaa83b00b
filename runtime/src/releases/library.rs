//! The engine's library as a release.

use fluxo_engine::error::Error;
use fluxo_engine::flow::{Library, When};
use fluxo_engine::ids::{FlowId, ReleaseId};
use fluxo_engine::protocol::{Inbound, Project, Resume, Trigger, Turn};
use fluxo_engine::{Route, Session};

use super::{Door, Place, Played, Release, Standing};

impl Release for Library {
    fn id(&self) -> &ReleaseId {
        self.release()
    }

    fn library(&self) -> Option<&Library> {
        Some(self)
    }

    fn route(&self, project: &Project, channel: &str, message: &Inbound) -> Route {
        fluxo_engine::route(self, project, channel, message, None)
    }

    fn door(&self, flow: &FlowId) -> Door {
        match self.flow(flow) {
            Some(flow) if flow.begins_on(When::Api) => Door::Open,
            Some(_) => Door::Closed,
            None => Door::Missing,
        }
    }

    fn place(&self, session: &[u8]) -> Result<Place, Error> {
        let session = Session::decode(session)?;
        let in_flight = session.is_in_flight();
        match session.place().pop() {
            Some((flow, node)) => Ok(Place { flow, node, in_flight }),
            None => Err(Error::Ended),
        }
    }

    fn standing(&self, session: &[u8]) -> Result<Standing, Error> {
        Session::decode(session).map(|session| standing(&session))
    }

    fn start(&self, trigger: &Trigger) -> Result<Played, Error> {
        fluxo_engine::start(self, trigger).map(played)
    }

    fn resume(&self, session: &[u8], resume: &Resume) -> Result<Played, Error> {
        fluxo_engine::resume(self, Session::decode(session)?, resume).map(played)
    }
}

fn played((session, turn): (Session, Turn)) -> Played {
    Played { session: session.encode(), standing: standing(&session), turn }
}

fn standing(session: &Session) -> Standing {
    Standing { hearing: session.hearing(), wait: session.wait_id(), question: session.question().cloned() }
}
