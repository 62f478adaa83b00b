//! Why the store did not do what it was asked, and what is wrong with its disk.

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A revision has moved, or an address is another contact's: read again and decide again.
    #[error("the conversation was changed meanwhile")]
    Conflict,
    /// The fence is old: another worker has the conversation, and what this one did is not to be told.
    #[error("the lease has passed to another worker")]
    Fenced,
    /// A value is over the cap; nothing was written.
    #[error("{what} is {size} bytes, the cap is {cap}")]
    TooLarge {
        /// Which value.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The cap in bytes.
        cap: usize,
    },
    /// What was read is not what was written.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// The store as a whole is not what it was: it was not opened, and is left as it is.
    #[error(
        "the store in {directory} is damaged ({detail}): stop the service, move this directory aside and keep it, \
         make another of the latest backup (`fluxo restore`) and start again"
    )]
    Broken {
        /// Where it is.
        directory: String,
        /// What was found.
        detail: String,
    },
    /// A newer version of fluxo has written it, in a form that this one does not know.
    #[error(
        "the store in {directory} has format {found}, and this version of fluxo knows formats up to {known}: \
         use the version that wrote it, or a newer one"
    )]
    Newer {
        /// Where the store is.
        directory: String,
        /// Its format.
        found: u32,
        /// The newest format that this version knows.
        known: u32,
    },
    /// More was written while everything was read than could be put aside; nothing is wrong with the store.
    #[error("more was written meanwhile than could be put aside: try again when less is going on")]
    Busy,
    /// The disk does not let the store go on; the process must end, and the disk be seen to.
    #[error("{trouble} ({detail}): {}; what was acknowledged is there when it starts again", .trouble.remedy())]
    Disk {
        /// What is wrong with it.
        trouble: Trouble,
        /// What was being done, and what the system said.
        detail: String,
    },
    /// Another process has the directory.
    #[error("the store in {0} is in use by another process")]
    InUse(String),
    /// The store can no longer be trusted; the process must end and start again.
    #[error("the store is down: {0}")]
    Down(String),
}

/// What is wrong with the disk that the store is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No room is left, or no more than is allowed.
    #[error("the store's disk is full")]
    Full,
    /// It is mounted so that nothing can be written.
    #[error("the store's disk is read-only")]
    ReadOnly,
    /// The service's user may not write there.
    #[error("the store's files may not be written by this user")]
    Denied,
    /// It does not answer.
    #[error("the store's disk hangs")]
    Hangs,
    /// It refuses for another reason.
    #[error("the store's disk refuses")]
    Failing,
}

impl Trouble {
    /// What to do.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Full => "make room, then start again",
            Self::ReadOnly => "look into the system's log why, mount it writable, then start again",
            Self::Denied => "give the directory to the user who runs the service, then start again",
            Self::Hangs => "look after the disk or the storage behind it, then start again",
            Self::Failing => "look into the system's log and after the disk, then start again",
        }
    }
}
