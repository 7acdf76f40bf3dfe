//! A future whose code is a function of its own.

use alloc::boxed::Box;
use core::{
    pin::Pin,
    task::{Context, Poll},
};

/// Has it run from a function of its own, and from the heap. The engine of a Worker compiles a
/// function as a whole when it is first called: of several ways that one request can go, only that
/// which it goes is compiled before its answer.
pub(crate) fn apart<F: Future>(future: F) -> Apart<F> {
    Apart(Box::pin(future))
}

pub(crate) struct Apart<F>(Pin<Box<F>>);

impl<F: Future> Future for Apart<F> {
    type Output = F::Output;

    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.0.as_mut().poll(context)
    }
}
