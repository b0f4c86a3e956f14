use plimsoll::ErrorKind;
use plimsoll_rooms::{Options, Rooms};

use crate::stage::Stage;

#[tokio::test(start_paused = true)]
async fn every_bound_holds_and_makes_room_again() {
    let table: [(Options, &[&str], &str, ErrorKind); 3] = [
        (Options::default().max_rooms_per_connection(2), &["a", "b"], "c", ErrorKind::Policy),
        (Options::default().max_rooms(2), &["a", "b"], "c", ErrorKind::Policy),
        (Options::default().max_name(4), &["four"], "fives", ErrorKind::TooLarge),
    ];
    for (options, within, over, kind) in table {
        let rooms = Rooms::with_options(options).unwrap();
        let mut stage = Stage::new(&rooms);
        let (ann, _peer) = stage.connect().await;
        for room in within {
            assert!(rooms.join(room, &ann).unwrap(), "{options:?}");
        }
        let error = rooms.join(over, &ann).unwrap_err();
        assert_eq!(error.kind(), kind, "{options:?}");
        assert!(!rooms.join(within[0], &ann).unwrap(), "a member at the limit stays one");
        assert_eq!((rooms.len(over), rooms.names().len()), (0, within.len()));

        assert!(rooms.leave(within[0], ann.info().id()));
        assert_eq!(rooms.join(over, &ann).is_ok(), kind == ErrorKind::Policy, "{options:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_topic_longer_than_a_name_may_be_is_joined_by_nobody() {
    let rooms = Rooms::with_options(Options::default().max_name(4)).unwrap();
    let mut stage = Stage::new(&rooms);
    let (ann, _peer) = stage.connect().await;
    rooms.join("*", &ann).unwrap();
    for (topic, expected) in [("four", 1), ("fives", 0)] {
        assert_eq!(rooms.to_topic(topic).members().len(), expected, "{topic}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_room_takes_nobody_until_a_member_leaves() {
    let rooms = Rooms::with_options(Options::default().max_members(2)).unwrap();
    let mut stage = Stage::new(&rooms);
    let (ann, _ann) = stage.connect().await;
    let (bob, _bob) = stage.connect().await;
    let (eve, _eve) = stage.connect().await;
    rooms.join("a", &ann).unwrap();
    rooms.join("a", &bob).unwrap();
    assert_eq!(rooms.join("a", &eve).unwrap_err().kind(), ErrorKind::Policy);
    assert!(rooms.join("b", &eve).unwrap(), "other rooms are not full");
    assert_eq!(rooms.of(eve.info().id()), ["b"]);
    rooms.leave("a", ann.info().id());
    assert!(rooms.join("a", &eve).unwrap());
}

#[tokio::test(start_paused = true)]
async fn names_are_measured_in_bytes_and_may_be_as_long_as_the_default_says() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, _peer) = stage.connect().await;
    assert!(rooms.join(&"x".repeat(255), &ann).unwrap());
    assert_eq!(rooms.join(&"é".repeat(128), &ann).unwrap_err().kind(), ErrorKind::TooLarge);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_names_ends_at_the_default_for_a_connection() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, _peer) = stage.connect().await;
    let joined = (0..10_000).filter(|number| rooms.join(&number.to_string(), &ann).is_ok());
    assert_eq!(joined.count(), 128);
    assert_eq!(rooms.names().len(), 128);
}

#[test]
fn options_that_cannot_work_are_refused() {
    let table = [
        ("max_name", Options::default().max_name(0)),
        ("max_rooms_per_connection", Options::default().max_rooms_per_connection(0)),
        ("max_rooms", Options::default().max_rooms(0)),
        ("max_members", Options::default().max_members(0)),
        ("events", Options::default().events(0)),
        ("events", Options::default().events(usize::MAX)),
    ];
    for (option, options) in table {
        let error = Rooms::with_options(options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{option}`")), "{error}");
    }
}
