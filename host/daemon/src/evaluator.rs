//! Who judges and who tests boards: the tools, or what tests put in their place.

use crate::health;
use async_trait::async_trait;
use filbench_flow::Submission;
use filbench_lab::Selector;
use filbench_model::Fault;
use filbench_run::{
    Context, Evaluation, EvaluationKey, Event, Options, Table, evaluate, evaluate_once,
    fault_report,
};
use filbench_stimulus::ProblemFiles;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What is to be judged, and how.
#[derive(Clone, Debug)]
pub struct Judging {
    /// The candidate.
    pub submission: Submission,
    /// The problem.
    pub problem: ProblemFiles,
    /// The board.
    pub selector: Selector,
    /// Further options.
    pub options: Options,
    /// Take from the cache what was judged before.
    pub reuse: bool,
}

/// Judges candidates, and tests boards.
#[async_trait]
pub trait Evaluator: Send + Sync + 'static {
    /// Judges on a board of `table`, and tells what happens meanwhile.
    async fn judge(
        &self,
        judging: Judging,
        table: Arc<dyn Table>,
        events: mpsc::UnboundedSender<Event>,
    ) -> Evaluation;

    /// Plays a design that is known to be good on the only board of `table`, and lets its
    /// firmware test itself.
    ///
    /// # Errors
    /// What is wrong with the board.
    async fn test_board(&self, table: Arc<dyn Table>, kind: &str) -> Result<(), Fault>;

    /// Ends all work for good.
    fn stop(&self);
}

/// The tools of a [`Context`].
pub struct Tools {
    context: Context,
}

impl Tools {
    /// Judges in these surroundings; of their boards none is used.
    pub fn new(context: Context) -> Self {
        Self { context }
    }
}

#[async_trait]
impl Evaluator for Tools {
    async fn judge(
        &self,
        judging: Judging,
        table: Arc<dyn Table>,
        events: mpsc::UnboundedSender<Event>,
    ) -> Evaluation {
        let context = self.context.clone().with_reserved_boards(table);
        let Judging { submission, problem, selector, options, reuse } = judging;
        if !reuse {
            return evaluate(&context, submission, problem, &selector, &options, events).await;
        }
        match EvaluationKey::new(&context, &submission, &problem, &selector, &options) {
            Ok(key) => {
                evaluate_once(&context, &key, submission, problem, &selector, &options, events)
                    .await
            }
            Err(fault) => fault_report(&submission, &options, fault),
        }
    }

    async fn test_board(&self, table: Arc<dyn Table>, kind: &str) -> Result<(), Fault> {
        health::test(&self.context.clone().with_reserved_boards(Arc::clone(&table)), &*table, kind)
            .await
    }

    fn stop(&self) {
        self.context.stop();
    }
}
