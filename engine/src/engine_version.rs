//! The engine's semantic version.

/// What the engine means by a flow. Carried by sessions and journals: playing an input again gives the same bytes
/// within one version. It grows when a released meaning changes, not with every release of the program.
pub const ENGINE_VERSION: u32 = 1;
