//! A future that is asked once at once: most are ready then, and need no promise.

use alloc::{boxed::Box, sync::Arc, task::Wake};
use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use futures_util::task::AtomicWaker;
use session_gateway::Scope;

/// What came of asking once.
pub(crate) enum AtOnce<T> {
    /// It was ready.
    Now(T),
    /// It waits for something.
    Later(Later<T>),
}

/// Asks `future` once. What it does is done in the scope of its request.
pub(crate) fn at_once<T>(future: Pin<Box<dyn Future<Output = T>>>) -> AtOnce<T> {
    let mut later = Later {
        future,
        bell: Arc::default(),
        scope: Scope::default(),
    };
    match later.ask() {
        Poll::Ready(value) => AtOnce::Now(value),
        Poll::Pending => AtOnce::Later(later),
    }
}

/// The rest of a future that was not ready.
///
/// It is always asked with the same waker: some futures keep the first that they are given, and at
/// that time nobody waits yet who could be woken.
pub(crate) struct Later<T> {
    future: Pin<Box<dyn Future<Output = T>>>,
    bell: Arc<Bell>,
    scope: Scope,
}

impl<T> Later<T> {
    fn ask(&mut self) -> Poll<T> {
        let waker = Waker::from(Arc::clone(&self.bell));
        let Self { future, scope, .. } = self;
        scope.around(|| future.as_mut().poll(&mut Context::from_waker(&waker)))
    }
}

/// Work that nobody waits for. One type, so that what hands it to the platform is compiled once.
pub(crate) type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Work for after the answer, in the scope of the request that leaves it.
pub(crate) fn in_scope(mut work: Work) -> impl Future<Output = ()> {
    let mut scope = Scope::current();
    core::future::poll_fn(move |context| scope.around(|| work.as_mut().poll(context)))
}

impl<T> Future for Later<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // Before it is asked, so that what rings meanwhile is heard. What rang before anybody
        // waited is no loss, since it is asked now.
        self.bell.waiting.register(context.waker());
        self.ask()
    }
}

/// Wakes whoever waits for the rest.
#[derive(Default)]
struct Bell {
    waiting: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.waiting.wake();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.waiting.wake();
    }
}

#[cfg(test)]
mod tests {
    use alloc::rc::Rc;
    use core::{
        cell::{Cell, RefCell},
        future::{poll_fn, ready},
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Ready when it is told so, and wakes whoever asked it first, as a timer does.
    #[derive(Clone, Default)]
    struct Timer {
        first: Rc<RefCell<Option<Waker>>>,
        is_over: Rc<Cell<bool>>,
    }

    impl Timer {
        fn future(&self) -> impl Future<Output = &'static str> + 'static {
            let timer = self.clone();
            poll_fn(move |context| {
                let mut first = timer.first.borrow_mut();
                first.get_or_insert_with(|| context.waker().clone());
                if timer.is_over.get() {
                    Poll::Ready("over")
                } else {
                    Poll::Pending
                }
            })
        }

        fn ring(&self) {
            self.is_over.set(true);
            let first = self.first.borrow().clone();
            first.unwrap().wake();
        }
    }

    fn waiting(timer: &Timer) -> Later<&'static str> {
        match at_once(Box::pin(timer.future())) {
            AtOnce::Now(_) => panic!("nothing has rung"),
            AtOnce::Later(later) => later,
        }
    }

    #[test]
    fn what_is_ready_needs_nobody_to_wait() {
        assert!(matches!(at_once(Box::pin(ready(7))), AtOnce::Now(7)));
    }

    #[test]
    fn whoever_waits_is_woken_by_what_was_asked_before_anybody_did() {
        let timer = Timer::default();
        let mut later = waiting(&timer);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        assert!(Pin::new(&mut later).poll(&mut context).is_pending());
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
        timer.ring();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert_eq!(Pin::new(&mut later).poll(&mut context), Poll::Ready("over"));
    }

    #[test]
    fn what_rings_before_anybody_waits_is_seen() {
        let timer = Timer::default();
        let later = waiting(&timer);
        timer.ring();
        assert_eq!(pollster::block_on(later), "over");
    }
}
