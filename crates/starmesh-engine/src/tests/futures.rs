//! What the compiler alone can promise.

use tokio::sync::mpsc;

use crate::{Command, Engine, PlanOptions};

/// A shell may put the engine's work on any thread.
#[test]
fn the_engines_futures_can_move_between_threads() {
    fn assert_send<T: Send>(_: impl FnOnce(Engine, mpsc::Receiver<Command>) -> T) {}
    assert_send(|engine, commands| async move { engine.run(commands).await });
    assert_send(|engine, _| async move { engine.plan(&PlanOptions::default()).await });
    assert_send(|engine, _| async move { engine.settle(&PlanOptions::default()).await });
}
