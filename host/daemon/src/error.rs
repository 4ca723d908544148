use filbench_store::StoreError;

/// Why the daemon does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The store failed, or holds nothing like it, or a lease is stale.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A board's kind is not known, or its file is wrong.
    #[error("the configured board `{name}` is of no known kind")]
    BoardConfig {
        /// The board.
        name: String,
        /// What is wrong with its kind.
        source: Box<filbench_board::BoardError>,
    },
    /// A board's name that does not do in selectors and paths.
    #[error("`{name}` does not do as a board's name: use letters, digits, `-`, `_` and `.`")]
    BoardName {
        /// As configured.
        name: String,
    },
    /// Two boards with one name.
    #[error("two configured boards are called `{name}`; give one of them another name")]
    BoardTwice {
        /// The name.
        name: String,
    },
    /// A lab without boards.
    #[error("no board is configured; leave the configuration out for virtual ones")]
    NoBoards,
    /// A selector that is none.
    #[error(transparent)]
    Selector(#[from] filbench_lab::SelectorError),
    /// A selector that none of the boards meets.
    #[error("no board here is `{selector}`; there are {}", known.join(", "))]
    NoSuchBoard {
        /// As asked for.
        selector: String,
        /// What would do.
        known: Vec<String>,
    },
    /// The board did not become free in time.
    #[error("no board that is `{selector}` became free in {waited_s} s; {state}")]
    BoardBusy {
        /// As asked for.
        selector: String,
        /// How long that was waited for.
        waited_s: u64,
        /// Who has what.
        state: String,
    },
    /// A lease for longer than allowed, or for no time at all.
    #[error("a lease lasts 1 to {max_s} s, not {asked_s}")]
    LeaseTime {
        /// As asked for.
        asked_s: u64,
        /// The longest.
        max_s: u64,
    },
    /// Nothing was loaded into the board under this lease.
    #[error("nothing was loaded into `{board}` under this lease; program it first")]
    NotProgrammed {
        /// The board.
        board: String,
    },
    /// The board itself.
    #[error("the board `{board}` failed")]
    Board {
        /// Which.
        board: String,
        /// What failed.
        source: filbench_model::Fault,
    },
    /// A lease that is a play's.
    #[error("the lease `{lease}` is held by {holder}; it ends with the play")]
    NotYours {
        /// Which.
        lease: String,
        /// Whose.
        holder: String,
    },
    /// The daemon is ending.
    #[error("the daemon is ending; ask again in a moment")]
    Draining,
}
