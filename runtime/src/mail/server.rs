//! The mail server, spoken to over SMTP (RFC 5321). One connection for each e-mail: they are few.
//!
//! The dialogue is led step by step, because only so it is known what a failure means: until the text begins
//! nothing can have been delivered; after it, a silence leaves a doubt ([`MailError::Unclear`]).

use std::fmt;
use std::time::Duration;

use fluxo_engine::ids::EffectId;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout, timeout_at};

use super::message::compose;
use super::{Email, MailError, Refusal};
use crate::foundation::config::{Config, ConfigErrors, Problem, Security};
use crate::foundation::redact::redact;

/// How long one address of the server's name may take to answer the call.
const CONNECT: Duration = Duration::from_secs(10);

/// How long the farewell may take. All is decided by then.
const FAREWELL: Duration = Duration::from_millis(500);

/// The server of `[mail]`.
pub struct MailServer {
    host: String,
    port: u16,
    way: Way,
    hello: ClientId,
    credentials: Option<Credentials>,
    from: Mailbox,
    timeout: Duration,
}

/// How the way there is protected.
enum Way {
    Tls(TlsParameters),
    Starttls(TlsParameters),
    Open,
}

impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl MailServer {
    /// The project's mail server; [`None`] when it has none. Nothing is called yet.
    ///
    /// # Errors
    /// What is wrong with `[mail]`, also a secret that is nowhere.
    pub fn new(config: &Config) -> Result<Option<Self>, ConfigErrors> {
        let Some(section) = &config.mail else { return Ok(None) };
        let invalid = |key: &str, why: String| ConfigErrors::from(config.error(key, Problem::Invalid(why)));
        let from: Mailbox = section.from.parse().map_err(|_| {
            let why = "escreva um endereço como \"Hospital <nao-responda@hospital.example>\"";
            invalid("mail.from", why.to_owned())
        })?;
        if !from.email.to_string().is_ascii() {
            return Err(invalid("mail.from", "o endereço não pode ter acentos".to_owned()));
        }
        let tls = || {
            TlsParameters::new(section.host.clone()).map_err(|error| {
                invalid("mail.security", format!("TLS não pode ser usado nesta máquina: {error}"))
            })
        };
        let way = match section.security.get_ref() {
            Security::Tls => Way::Tls(tls()?),
            Security::Starttls => Way::Starttls(tls()?),
            Security::None => Way::Open,
        };
        let credentials = match (&section.username, &section.password) {
            (Some(username), Some(password)) => {
                let (username, password) = (config.secret(username)?, config.secret(password)?);
                let [username, password] =
                    [username, password].map(|secret| secret.expose_secret().to_owned());
                Some(Credentials::new(username, password))
            }
            (None, None) | (Some(_), None) | (None, Some(_)) => None,
        };
        Ok(Some(Self {
            host: section.host.clone(),
            port: section.port(),
            way,
            // The machine's own name is seldom one that servers accept; the sender's domain is.
            hello: ClientId::Domain(from.email.domain().to_owned()),
            credentials,
            from,
            timeout: section.timeout.get_ref().duration(),
        }))
    }

    /// Hands an e-mail over. `key` is in its `Message-ID`: whoever gets it twice can tell.
    ///
    /// # Errors
    /// See [`MailError`].
    pub async fn send(&self, email: &Email<'_>, key: &EffectId) -> Result<(), MailError> {
        let message = compose(&self.from, email, key)?;
        let deadline = Instant::now() + self.timeout;
        let late = |_| MailError::Retry { said: "no answer in time".to_owned() };
        let mut line = timeout_at(deadline, self.connect()).await.map_err(late)?.map_err(undelivered)?;
        let announced = timeout_at(deadline, announce(&mut line, &message)).await;
        if let Err(error) = announced.map_err(late).and_then(|announced| announced.map_err(undelivered)) {
            leave(line).await;
            return Err(error);
        }
        let accepted = match timeout_at(deadline, line.message(&message.formatted())).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() || error.is_transient() => Err(undelivered(error)),
            Ok(Err(_)) | Err(_) => Err(MailError::Unclear),
        };
        leave(line).await;
        accepted
    }

    /// Calls the server, protects the way and says who comes.
    async fn connect(&self) -> Result<AsyncSmtpConnection, smtp::Error> {
        let wrapped = if let Way::Tls(parameters) = &self.way { Some(parameters.clone()) } else { None };
        let server = (self.host.as_str(), self.port);
        let mut line =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT), &self.hello, wrapped, None).await?;
        if let Way::Starttls(parameters) = &self.way {
            line.starttls(parameters.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            line.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(line)
    }
}

/// All that comes before the text. One recipient refused, and it goes to none.
async fn announce(line: &mut AsyncSmtpConnection, message: &Message) -> Result<(), smtp::Error> {
    let envelope = message.envelope();
    line.command(Mail::new(envelope.from().cloned(), Vec::new())).await?;
    for to in envelope.to() {
        line.command(Rcpt::new(to.clone(), Vec::new())).await?;
    }
    line.command(Data).await?;
    Ok(())
}

/// Says good-bye, as a server may expect; what it answers changes nothing.
async fn leave(mut line: AsyncSmtpConnection) {
    let _ = timeout(FAREWELL, line.abort()).await;
}

/// What a failure means that certainly left nothing delivered. Servers like to quote the recipient.
fn undelivered(error: smtp::Error) -> MailError {
    let said = redact(&error.to_string());
    // The client's own refusals: no STARTTLS, no way to log in. Neither changes by waiting.
    if error.is_permanent() || error.is_client() {
        MailError::GiveUp { refusal: Refusal::Server(said) }
    } else {
        MailError::Retry { said }
    }
}
