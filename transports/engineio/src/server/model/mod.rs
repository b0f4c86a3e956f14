//! The move to WebSocket in every order of its steps: polls, posts, the WebSocket's packets, what
//! the application does, and one thing that goes wrong.
//!
//! A client that keeps to the protocol runs against the real connection, session and requests;
//! only the WebSocket is a pair of queues. Nothing is polled that was not woken.

mod pipe;
mod task;
mod trouble;
mod world;

use self::trouble::{TROUBLES, Trouble};
use self::world::World;

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_doubled_or_reordered_in_any_order_of_steps() {
    let mut runs = 0;
    for trouble in TROUBLES {
        for scripts in SCRIPTS {
            let mut order = Order::default();
            loop {
                run(&mut order, scripts, trouble).await;
                runs += 1;
                if !order.next() {
                    break;
                }
            }
        }
    }
    assert!(runs >= 100_000, "{runs} interleavings");
}

/// What happens, each list in its order, the lists in any.
const SCRIPTS: [&[&[Step]]; 2] = [
    &[
        &[Step::Poll, Step::Take],
        &[Step::ClientSends, Step::ClientSends],
        &[Step::OpenWebSocket, Step::Probe, Step::Upgrade],
        &[Step::ApplicationSends],
    ],
    &[
        &[Step::Poll, Step::Take, Step::Poll],
        &[Step::OpenWebSocket, Step::Probe, Step::Upgrade],
        &[Step::ApplicationSends, Step::ApplicationSends],
    ],
];

#[derive(Clone, Copy, Debug)]
enum Step {
    ApplicationSends,
    ClientSends,
    OpenWebSocket,
    Poll,
    Probe,
    Take,
    Trouble,
    Upgrade,
}

async fn run(order: &mut Order, scripts: &[&[Step]], trouble: Trouble) {
    let mut scripts: Vec<_> = scripts.iter().map(|script| script.iter()).collect();
    if trouble != Trouble::None {
        scripts.push([Step::Trouble].iter());
    }
    let mut world = World::new();
    let mut taken = Vec::new();
    while !scripts.is_empty() {
        let choice = order.choose(scripts.len());
        let Some(step) = scripts[choice].next() else { unreachable!("empty scripts are gone") };
        taken.push(*step);
        world.take(*step, trouble).await;
        scripts.retain(|script| script.len() > 0);
    }
    world.finish();
    world.check(trouble, &taken);
}

/// Enumerates all sequences of choices.
#[derive(Default)]
struct Order {
    choices: Vec<(usize, usize)>,
    at: usize,
}

impl Order {
    fn choose(&mut self, among: usize) -> usize {
        if self.at == self.choices.len() {
            self.choices.push((0, among));
        }
        self.at += 1;
        self.choices[self.at - 1].0
    }

    /// Goes to the next sequence; false after the last.
    fn next(&mut self) -> bool {
        self.at = 0;
        while let Some((choice, among)) = self.choices.pop() {
            if choice + 1 < among {
                self.choices.push((choice + 1, among));
                return true;
            }
        }
        false
    }
}
