use alloc::rc::Rc;
use core::cell::RefCell;

use session_store::{Around, Background, Call, LostWrite, SessionStore, StoreError, Task, Wrapped};

use crate::store::Guarded;

/// Work in the background that waits until somebody does it.
#[derive(Default, Clone)]
pub(super) struct Later(Rc<RefCell<Vec<Task<Guarded, Guarded>>>>);

/// A store whose work in the background is done before a call is over: the contract is about
/// what one caller sees who waits for each answer.
pub(super) type Settled<S> = Wrapped<S, Later>;

impl Around for Later {
    async fn around<C: Call, S: SessionStore>(
        &self,
        call: &C,
        store: &S,
    ) -> Result<C::Answer, StoreError> {
        let answer = call.make(store).await;
        for task in self.0.take() {
            task.run(self).await;
        }
        answer
    }
}

impl Background<Guarded, Guarded> for Later {
    fn run(&self, task: Task<Guarded, Guarded>) {
        self.0.borrow_mut().push(task);
    }

    async fn pause(&self, _: u32) {}

    fn failed(&self, _: LostWrite, error: &StoreError) {
        // The check that misses the write fails; this says why.
        session_gateway::log::warn("conformance-background", &error.to_string().into());
    }
}
