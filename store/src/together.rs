use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::Poll;

use futures_util::future::maybe_done;

/// Waits for a few at the same time; what comes of them is in their order. Each is asked whenever one is woken, which for a
/// few is nothing, while `futures_util`'s `join_all` has another way for many, which takes 2 KB of a module for each
/// kind of future.
pub async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures
        .into_iter()
        .map(|future| Box::pin(maybe_done(future)))
        .collect();
    poll_fn(|context| {
        let mut is_ready = true;
        for future in &mut futures {
            is_ready &= future.as_mut().poll(context).is_ready();
        }
        if is_ready {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    futures
        .iter_mut()
        .filter_map(|future| future.as_mut().take_output())
        .collect()
}

#[cfg(test)]
mod tests {
    use core::future::ready;
    use core::task::{Context, Waker};

    use super::*;

    #[test]
    fn all_are_asked_at_once_and_told_in_order() {
        let asked = core::cell::Cell::new(0);
        let late = |polls: u32| {
            let mut left = polls;
            let asked = &asked;
            poll_fn(move |context: &mut Context<'_>| {
                asked.set(asked.get() + 1);
                if left == 0 {
                    return Poll::Ready(polls);
                }
                left -= 1;
                context.waker().wake_by_ref();
                Poll::Pending
            })
        };
        let mut all = Box::pin(together([late(2), late(0), late(1)]));
        let mut context = Context::from_waker(Waker::noop());
        assert!(all.as_mut().poll(&mut context).is_pending());
        assert_eq!(asked.get(), 3);
        assert_eq!(pollster::block_on(all), [2, 0, 1]);
        // Who is done is not asked again.
        assert_eq!(asked.get(), 3 + 2 + 1);
        let none: [core::future::Ready<()>; 0] = [];
        assert!(pollster::block_on(together(none)).is_empty());
        assert_eq!(pollster::block_on(together([ready(7)])), [7]);
    }
}
