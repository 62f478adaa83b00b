//! `[server]`: where the service listens, and the key to its own API.

use std::net::SocketAddr;

use serde::Deserialize;

use super::secret::Secret;

/// `[server]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSection {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Opens the API and the console.
    pub api_token: Secret,
}
