//! How long the engine takes for a turn: a whole booking on the shipped flows, and its parts by themselves.

// A benchmark reads the flows it measures and prints; what is shipped does neither (`.clippy.toml`).
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod booking;

use std::hint::black_box;

use booking::{Booking, assert_booked, library, play, project, sources};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fluxo_engine::Session;
use fluxo_engine::check::ProjectFacts;

/// A tap on the day of the appointment: from one menu to the next, with what was chosen so far in the session.
const AT_MENU: &str = "2026-03-16";
/// The tap on the summary that books: the session is as full as it gets.
const AT_SUMMARY: &str = "marcar";

/// All turns of a booking, one after the other.
fn conversation(criterion: &mut Criterion) {
    let booking = Booking::record();
    let turns = booking.inputs.len();
    println!("booking: {turns} turns");
    let mut group = criterion.benchmark_group("booking");
    group.throughput(Throughput::Elements(turns as u64));
    group.bench_function("turns", |bencher| {
        bencher.iter(|| {
            let mut session = None;
            for input in &booking.inputs {
                let (after, turn) = play(&booking.library, session, input);
                black_box(turn);
                session = Some(after);
            }
            assert_booked(session.as_ref());
        });
    });
    // As the runtime plays: every turn from stored bytes to stored bytes.
    group.bench_function("turns_stored", |bencher| {
        bencher.iter(|| {
            let mut stored: Option<Vec<u8>> = None;
            for input in &booking.inputs {
                let session = stored.as_deref().map(decode);
                let (after, turn) = play(&booking.library, session, input);
                black_box(turn);
                stored = Some(after.encode());
            }
            assert_booked(stored.as_deref().map(decode).as_ref());
        });
    });
    group.finish();
}

/// One turn, and the stored form of a session that waits.
fn parts(criterion: &mut Criterion) {
    let booking = Booking::record();
    let (at_menu, tap) = booking.before_tap(AT_MENU);
    criterion.bench_function("turn_at_menu", |bencher| {
        bencher.iter_batched(
            || at_menu.clone(),
            |session| play(&booking.library, Some(session), tap),
            BatchSize::SmallInput,
        );
    });

    let (waiting, _) = booking.before_tap(AT_SUMMARY);
    let bytes = waiting.encode();
    assert_eq!(decode(&bytes), waiting, "the stored form lost something");
    println!("waiting session: {} bytes", bytes.len());
    let mut group = criterion.benchmark_group("session");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("encode", |bencher| bencher.iter(|| black_box(&waiting).encode()));
    group.bench_function("decode", |bencher| bencher.iter(|| decode(black_box(&bytes))));
    group.finish();
}

/// Reading and judging the whole project.
fn checking(criterion: &mut Criterion) {
    let facts = ProjectFacts::from(&project());
    let sources = sources();
    println!("project: {} documents", sources.len());
    let mut group = criterion.benchmark_group("check");
    group.throughput(Throughput::Elements(sources.len() as u64));
    group.sample_size(20);
    group.bench_function("project", |bencher| bencher.iter(|| library(black_box(&sources), &facts)));
    group.finish();
}

fn decode(bytes: &[u8]) -> Session {
    Session::decode(bytes).expect("its own stored form")
}

criterion_group!(benches, conversation, parts, checking);
criterion_main!(benches);
