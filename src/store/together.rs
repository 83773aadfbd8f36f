//! Questions that come while another is under way, asked in one.
//!
//! What a lookup costs a server of databases is mostly the statement around it. A worker of which many requests want a row at
//! the same time asks for all of those rows at once: while one question is on its way the next ones gather, and nobody waits
//! for others to come.

use std::collections::HashMap;
use std::hash::Hash;

use tokio::sync::{mpsc, oneshot};

/// How many keys go into one question.
const MOST: usize = 64;

/// The rows of some keys; a key that is not in it has none.
pub(super) type Found<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// The way to the task that asks. It ends with this.
pub(super) struct Together<K, V>(mpsc::UnboundedSender<Wanted<K, V>>);

struct Wanted<K, V> {
    key: K,
    answer: oneshot::Sender<Option<V>>,
}

impl<K, V> Together<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Has a task of tokio's ask with `ask`, which gives nothing when it got no answer.
    pub(super) fn new<F, A>(ask: F) -> Self
    where
        F: Fn(Vec<K>) -> A + Send + 'static,
        A: Future<Output = Option<Found<K, V>>> + Send,
    {
        let (sender, mut wanted) = mpsc::unbounded_channel::<Wanted<K, V>>();
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while wanted.recv_many(&mut batch, MOST).await > 0 {
                let keys = batch.iter().map(|wanted| wanted.key.clone()).collect();
                let found = ask(keys).await;
                for Wanted { key, answer } in batch.drain(..) {
                    // Where there was no answer, who waits learns it from the sender that is dropped.
                    if let Some(found) = &found {
                        // Whoever asked may have left.
                        let _ = answer.send(found.get(&key).cloned());
                    }
                }
            }
        });
        Self(sender)
    }

    /// The row of a key, or that there is none; nothing when there was no answer.
    pub(super) async fn find(&self, key: K) -> Option<Option<V>> {
        let (answer, receiver) = oneshot::channel();
        self.0.send(Wanted { key, answer }).ok()?;
        receiver.await.ok()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures_util::future::join_all;

    use super::{Found, MOST, Together};

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    /// Knows the even numbers, and notes what it was asked.
    fn halves(asked: &Arc<Mutex<Vec<Vec<usize>>>>) -> Together<usize, usize> {
        let asked = Arc::clone(asked);
        Together::new(move |keys: Vec<usize>| {
            asked.lock().unwrap().push(keys.clone());
            let found: Found<usize, usize> =
                keys.into_iter().filter(|key| key % 2 == 0).map(|key| (key, key / 2)).collect();
            async move {
                tokio::task::yield_now().await;
                Some(found)
            }
        })
    }

    #[test]
    fn everybody_gets_the_row_of_their_own_key() {
        block_on(async {
            let asked = Arc::default();
            let halves = halves(&asked);

            let found = join_all((0..1_000).map(|key| halves.find(key % 300))).await;

            for (key, found) in found.into_iter().enumerate() {
                let key = key % 300;
                assert_eq!(found, Some((key % 2 == 0).then_some(key / 2)));
            }
            let asked = asked.lock().unwrap();
            assert!(asked.len() < 20 && asked.iter().all(|keys| keys.len() <= MOST), "{asked:?}");
        });
    }

    #[test]
    fn one_alone_is_asked_for_at_once() {
        block_on(async {
            let asked = Arc::default();

            assert_eq!(halves(&asked).find(4).await, Some(Some(2)));

            assert_eq!(*asked.lock().unwrap(), [[4]]);
        });
    }

    #[test]
    fn nobody_waits_for_an_answer_that_will_not_come() {
        block_on(async {
            let silent = Together::<u8, u8>::new(|_| async { None });

            let found = join_all([1, 2, 3].map(|key| silent.find(key))).await;

            assert_eq!(found, [None, None, None]);
            assert_eq!(silent.find(4).await, None);
        });
    }
}
