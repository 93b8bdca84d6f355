//! Web hooks and their faults, in process and in paused time.

use axum::Router;
use chrono::{DateTime, Utc};
use http::StatusCode;

use super::*;

/// A receiver that keeps the bodies it got and answers with the statuses it was given, the last for ever.
fn receiver(statuses: &[u16]) -> (RouterCarrier, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut left: Vec<_> = statuses.iter().rev().copied().collect();
    let left = Arc::new(Mutex::new(std::mem::take(&mut left)));
    let noted = Arc::clone(&seen);
    let router = Router::new().fallback(move |body: String| {
        hold(&noted).push(body);
        let mut left = hold(&left);
        let status = if left.len() > 1 { left.pop() } else { left.first().copied() };
        std::future::ready(StatusCode::from_u16(status.unwrap_or(200)).unwrap())
    });
    (RouterCarrier(router), seen)
}

fn hooks(carrier: RouterCarrier) -> (Hooks, Ledger) {
    let ledger = Ledger::new();
    let clock = SimClock::fixed(DateTime::<Utc>::UNIX_EPOCH);
    (Hooks::new("google", clock, ledger.clone(), Arc::new(carrier), 7), ledger)
}

fn call(body: &str, repeat: HookRepeat) -> HookCall {
    HookCall {
        watch: "w".to_owned(),
        about: "exists".to_owned(),
        method: Method::POST,
        url: Url::parse("http://127.0.0.1:1/hook").unwrap(),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
        repeat,
    }
}

#[tokio::test(start_paused = true)]
async fn without_faults_calls_of_one_watch_arrive_in_order_and_once() {
    let (carrier, seen) = receiver(&[200]);
    let (hooks, ledger) = hooks(carrier);
    let late = HookPlan { delay_ms_max: 5_000, ..HookPlan::default() };
    for n in 0..20 {
        hooks.send(call(&n.to_string(), HookRepeat::NEVER), &late);
    }
    hooks.settle().await;
    assert_eq!(*hold(&seen), (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(ledger.deliveries().iter().all(|it| it.outcome == DeliveryOutcome::Answered(200)));
}

#[tokio::test(start_paused = true)]
async fn a_plan_drops_doubles_and_lets_calls_overtake() {
    let (carrier, seen) = receiver(&[200]);
    let (hooks, ledger) = hooks(carrier);
    let plan = HookPlan {
        drop_per_mille: 200,
        double_per_mille: 200,
        overtake_per_mille: 300,
        ..HookPlan::default()
    };
    for n in 0..100 {
        hooks.send(call(&n.to_string(), HookRepeat::NEVER), &plan);
    }
    hooks.settle().await;
    let numbers: Vec<u32> = hold(&seen).iter().map(|it| it.parse().unwrap()).collect();
    let mut distinct = numbers.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let dropped = ledger.deliveries().iter().filter(|it| it.outcome == DeliveryOutcome::Dropped).count();
    assert!(dropped > 0 && distinct.len() == 100 - dropped);
    assert!(numbers.len() > distinct.len(), "none came twice");
    assert!(!numbers.is_sorted(), "none was overtaken");
}

#[tokio::test(start_paused = true)]
async fn a_call_is_repeated_after_the_named_statuses_only_and_with_growing_pauses() {
    let repeat = HookRepeat {
        statuses: &[503],
        when_unreachable: false,
        times_max: 5,
        pause: Duration::from_secs(10),
    };
    let (carrier, seen) = receiver(&[503, 503, 404]);
    let (hooks, ledger) = hooks(carrier);
    let began = tokio::time::Instant::now();
    hooks.send(call("x", repeat), &HookPlan::default());
    hooks.settle().await;
    assert_eq!(hold(&seen).len(), 3);
    assert_eq!(began.elapsed().as_secs(), 30);
    assert_eq!(ledger.deliveries().iter().map(|it| it.attempt).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn outside_a_runtime_a_call_is_noted_as_not_carried() {
    let (carrier, seen) = receiver(&[200]);
    let (hooks, ledger) = hooks(carrier);
    hooks.send(call("x", HookRepeat::NEVER), &HookPlan::default());
    assert!(hold(&seen).is_empty());
    assert_eq!(ledger.deliveries()[0].outcome, DeliveryOutcome::NotCarried);
}
