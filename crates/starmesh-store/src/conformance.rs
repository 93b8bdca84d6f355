//! What every store must do, as functions over any store and as tests by
//! [`store_conformance!`](crate::store_conformance).
//!
//! [`MemoryStore`] is the model: [`answers_like_the_model`] makes random changes to both and compares every
//! answer.

#![expect(clippy::missing_panics_doc, reason = "a suite panics where what it tests is wrong")]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::memory::MemoryStore;
use crate::row::{Change, Row, Select, Store, StoreError, Table};

/// Makes the suite's tests for a store.
///
/// The argument is an expression that gives a future of a fresh store and of whatever must outlive it, such
/// as its folder: `store_conformance!(async { (MemoryStore::new(), ()) })`.
#[macro_export]
macro_rules! store_conformance {
    ($open:expr) => {
        $crate::store_conformance!(@tests $open;
            a_put_row_is_read_back
            a_put_overwrites_row_and_names
            a_deleted_row_is_gone_with_its_names
            many_rows_are_got_by_key
            a_parent_selects_its_rows_only
            a_parent_is_visited_row_by_row
            what_is_observed_is_read_back
            lookups_are_inside_their_parent
            a_row_with_two_matching_lookups_comes_once
            rows_come_by_age_then_by_key
            the_newest_come_newest_first
            a_trim_keeps_the_newest
            deleting_a_parent_leaves_the_others
            changes_are_made_in_order
            tables_are_apart
            keys_are_bytes
            empty_fields_are_fields
            large_values_are_kept
            an_empty_commit_is_a_commit
            a_dropped_commit_leaves_all_or_nothing
            ten_thousand_rows_in_one_commit
        );

        #[test]
        fn answers_like_the_model() {
            $crate::conformance::answers_like_the_model(|| $open);
        }
    };
    (@tests $open:expr; $($name:ident)*) => {
        $(
            #[tokio::test]
            async fn $name() -> Result<(), $crate::StoreError> {
                let (store, _outlives) = $open.await;
                $crate::conformance::$name(&store).await
            }
        )*
    };
}

const T: Table = Table::Mirrors;

fn row(key: &[u8], parent: &[u8], at_ms: i64) -> Row {
    Row { key: key.to_vec(), parent: parent.to_vec(), lookups: vec![], at_ms, value: key.repeat(2) }
}

fn named(key: &[u8], parent: &[u8], lookups: &[&[u8]]) -> Row {
    Row { lookups: lookups.iter().map(|name| name.to_vec()).collect(), ..row(key, parent, 0) }
}

fn puts(rows: impl IntoIterator<Item = Row>) -> Vec<Change> {
    rows.into_iter().map(|row| Change::Put(T, row)).collect()
}

async fn keys(store: &dyn Store, which: Select<'_>) -> Result<Vec<Vec<u8>>, StoreError> {
    let rows = store.select(T, which).await?;
    assert_eq!(store.count(T, which).await?, rows.len() as u64, "count and select agree");
    Ok(rows.into_iter().map(|row| row.key).collect())
}

fn bytes(keys: &[&[u8]]) -> Vec<Vec<u8>> {
    keys.iter().map(|key| key.to_vec()).collect()
}

/// Every field of a row survives.
pub async fn a_put_row_is_read_back(store: &dyn Store) -> Result<(), StoreError> {
    let row = Row { at_ms: -5, ..named(b"k", b"p", &[b"l", b"m"]) };
    assert_eq!(store.get(T, b"k").await?, None);
    store.commit(puts([row.clone()])).await?;
    assert_eq!(store.get(T, b"k").await?, Some(row.clone()));
    assert_eq!(store.select(T, Select::All).await?, [row]);
    Ok(())
}

/// A second put with the same key replaces the row, its parent, its age and its look-ups.
pub async fn a_put_overwrites_row_and_names(store: &dyn Store) -> Result<(), StoreError> {
    store.commit(puts([named(b"k", b"p", &[b"old"])])).await?;
    let fresh = Row { at_ms: 9, value: b"new".to_vec(), ..named(b"k", b"q", &[b"fresh"]) };
    store.commit(puts([fresh.clone()])).await?;
    assert_eq!(store.select(T, Select::All).await?, [fresh]);
    assert!(keys(store, Select::Parent(b"p")).await?.is_empty());
    assert!(keys(store, Select::Lookups(b"p", &bytes(&[b"old"]))).await?.is_empty());
    assert!(keys(store, Select::Lookups(b"q", &bytes(&[b"old"]))).await?.is_empty());
    assert_eq!(keys(store, Select::Lookups(b"q", &bytes(&[b"fresh"]))).await?, bytes(&[b"k"]));
    Ok(())
}

/// Deleting takes the row's look-ups along, and deleting what is not there is no error.
pub async fn a_deleted_row_is_gone_with_its_names(store: &dyn Store) -> Result<(), StoreError> {
    store.commit(puts([named(b"k", b"p", &[b"l"]), named(b"o", b"p", &[b"l"])])).await?;
    store.commit(vec![Change::Delete(T, b"k".to_vec()), Change::Delete(T, b"never".to_vec())]).await?;
    assert_eq!(store.get(T, b"k").await?, None);
    assert_eq!(keys(store, Select::Parent(b"p")).await?, bytes(&[b"o"]));
    assert_eq!(keys(store, Select::Lookups(b"p", &bytes(&[b"l"]))).await?, bytes(&[b"o"]));
    Ok(())
}

/// Missing keys are left out, a key asked for twice gives its row once.
pub async fn many_rows_are_got_by_key(store: &dyn Store) -> Result<(), StoreError> {
    store.commit(puts([row(b"a", b"", 0), row(b"b", b"", 0), row(b"c", b"", 0)])).await?;
    let mut got = store.get_many(T, &bytes(&[b"c", b"x", b"a", b"c"])).await?;
    got.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(got, [row(b"a", b"", 0), row(b"c", b"", 0)]);
    assert!(store.get_many(T, &[]).await?.is_empty());
    Ok(())
}

/// A parent is an exact name, not a prefix, and the empty parent is one.
pub async fn a_parent_selects_its_rows_only(store: &dyn Store) -> Result<(), StoreError> {
    store.commit(puts([row(b"a", b"p", 0), row(b"b", b"pp", 0), row(b"c", b"", 0)])).await?;
    assert_eq!(keys(store, Select::Parent(b"p")).await?, bytes(&[b"a"]));
    assert_eq!(keys(store, Select::Parent(b"")).await?, bytes(&[b"c"]));
    assert!(keys(store, Select::Parent(b"q")).await?.is_empty());
    Ok(())
}

/// A visit hands over the same rows as a selection, and ends with the first error.
pub async fn a_parent_is_visited_row_by_row(store: &dyn Store) -> Result<(), StoreError> {
    let rows = [row(b"a", b"p", 2), row(b"b", b"p", 1), row(b"c", b"q", 0)];
    store.commit(puts(rows.clone())).await?;
    let (sender, seen) = std::sync::mpsc::channel();
    let take = move |row: Row| sender.send(row).map_err(|_| StoreError::Failed("nobody".into()));
    store.visit(T, b"p", Box::new(take)).await?;
    let mut seen: Vec<Row> = seen.iter().collect();
    seen.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(seen, rows[..2]);
    let stop = |_| Err(StoreError::Failed("enough".into()));
    let stopped = store.visit(T, b"p", Box::new(stop)).await;
    assert!(matches!(stopped, Err(StoreError::Failed(why)) if why == "enough"));
    Ok(())
}

/// What can be found out again is seen by everybody once it is committed, in order with all else.
pub async fn what_is_observed_is_read_back(store: &dyn Store) -> Result<(), StoreError> {
    store.commit_observed(puts([row(b"k", b"p", 1)])).await?;
    assert_eq!(store.get(T, b"k").await?, Some(row(b"k", b"p", 1)));
    store.commit(puts([row(b"k", b"p", 2)])).await?;
    store.commit_observed(vec![Change::Delete(T, b"k".to_vec())]).await?;
    assert_eq!(store.get(T, b"k").await?, None);
    Ok(())
}

/// One look-up under two parents names two rows.
pub async fn lookups_are_inside_their_parent(store: &dyn Store) -> Result<(), StoreError> {
    store
        .commit(puts([named(b"a", b"p", &[b"l"]), named(b"b", b"q", &[b"l"]), named(b"c", b"p", &[b"m"])]))
        .await?;
    assert_eq!(keys(store, Select::Lookups(b"p", &bytes(&[b"l"]))).await?, bytes(&[b"a"]));
    assert_eq!(keys(store, Select::Lookups(b"q", &bytes(&[b"l", b"m"]))).await?, bytes(&[b"b"]));
    assert_eq!(keys(store, Select::Lookups(b"p", &bytes(&[b"m", b"l"]))).await?, bytes(&[b"a", b"c"]));
    assert!(keys(store, Select::Lookups(b"p", &[])).await?.is_empty());
    Ok(())
}

/// Also when the row names a look-up twice, or it is asked for twice.
pub async fn a_row_with_two_matching_lookups_comes_once(store: &dyn Store) -> Result<(), StoreError> {
    let row = named(b"a", b"p", &[b"l", b"m", b"l"]);
    store.commit(puts([row.clone()])).await?;
    assert_eq!(store.select(T, Select::Lookups(b"p", &bytes(&[b"l", b"m", b"l"]))).await?, [row]);
    assert_eq!(store.count(T, Select::Lookups(b"p", &bytes(&[b"l", b"m", b"l"]))).await?, 1);
    Ok(())
}

/// The order of every selection but the newest.
pub async fn rows_come_by_age_then_by_key(store: &dyn Store) -> Result<(), StoreError> {
    let rows = [
        row(b"z", b"p", 1),
        row(b"b", b"p", 2),
        row(b"a", b"p", 2),
        row(b"c", b"p", -1),
        row(b"bb", b"p", 2),
    ];
    store.commit(puts(rows)).await?;
    let expected = bytes(&[b"c", b"z", b"a", b"b", b"bb"]);
    assert_eq!(keys(store, Select::All).await?, expected);
    assert_eq!(keys(store, Select::Parent(b"p")).await?, expected);
    Ok(())
}

/// Of equally old rows the greater key is the newer.
pub async fn the_newest_come_newest_first(store: &dyn Store) -> Result<(), StoreError> {
    store.commit(puts([row(b"a", b"", 1), row(b"d", b"", 2), row(b"b", b"", 2), row(b"c", b"", 2)])).await?;
    assert_eq!(keys(store, Select::Newest { limit: 2 }).await?, bytes(&[b"d", b"c"]));
    assert_eq!(keys(store, Select::Newest { limit: 9 }).await?, bytes(&[b"d", b"c", b"b", b"a"]));
    assert_eq!(keys(store, Select::Newest { limit: usize::MAX }).await?.len(), 4);
    assert!(keys(store, Select::Newest { limit: 0 }).await?.is_empty());
    Ok(())
}

/// A trim cuts also between equally old rows, and takes the look-ups along.
pub async fn a_trim_keeps_the_newest(store: &dyn Store) -> Result<(), StoreError> {
    let tied = named(b"b", b"p", &[b"l"]);
    store.commit(puts([row(b"a", b"p", -1), tied, row(b"c", b"p", 0), row(b"d", b"p", 5)])).await?;
    store.commit(vec![Change::Trim(T, 9)]).await?;
    assert_eq!(keys(store, Select::All).await?.len(), 4);
    store.commit(vec![Change::Trim(T, 2)]).await?;
    assert_eq!(keys(store, Select::All).await?, bytes(&[b"c", b"d"]));
    assert!(keys(store, Select::Lookups(b"p", &bytes(&[b"l"]))).await?.is_empty());
    store.commit(vec![Change::Trim(T, 0)]).await?;
    assert!(keys(store, Select::All).await?.is_empty());
    Ok(())
}

/// Of one table and one parent only.
pub async fn deleting_a_parent_leaves_the_others(store: &dyn Store) -> Result<(), StoreError> {
    store
        .commit(puts([named(b"a", b"p", &[b"l"]), named(b"b", b"p", &[]), named(b"c", b"q", &[b"l"])]))
        .await?;
    store.commit(vec![Change::Put(Table::Items, row(b"a", b"p", 0))]).await?;
    store.commit(vec![Change::DeleteParent(T, b"p".to_vec())]).await?;
    assert_eq!(keys(store, Select::All).await?, bytes(&[b"c"]));
    assert!(keys(store, Select::Lookups(b"p", &bytes(&[b"l"]))).await?.is_empty());
    assert_eq!(store.count(Table::Items, Select::All).await?, 1);
    Ok(())
}

/// Inside a commit too: the last word on a row stands.
pub async fn changes_are_made_in_order(store: &dyn Store) -> Result<(), StoreError> {
    let put = |key: &[u8], value: u8| Change::Put(T, Row { value: vec![value], ..named(key, b"p", &[b"l"]) });
    store
        .commit(vec![
            put(b"a", 1),
            put(b"a", 2),
            Change::Delete(T, b"a".to_vec()),
            put(b"b", 3),
            Change::DeleteParent(T, b"p".to_vec()),
            put(b"c", 4),
            put(b"d", 5),
            Change::Trim(T, 1),
            put(b"a", 6),
            put(b"a", 7),
        ])
        .await?;
    assert_eq!(keys(store, Select::Lookups(b"p", &bytes(&[b"l"]))).await?, bytes(&[b"a", b"d"]));
    assert_eq!(store.get(T, b"a").await?.map(|row| row.value), Some(vec![7]));
    Ok(())
}

/// One key in every table is as many rows.
pub async fn tables_are_apart(store: &dyn Store) -> Result<(), StoreError> {
    let of = |table: Table| Row { value: table.name().as_bytes().to_vec(), ..row(b"k", b"p", 0) };
    store.commit(Table::ALL.map(|table| Change::Put(table, of(table))).to_vec()).await?;
    for table in Table::ALL {
        assert_eq!(store.select(table, Select::Parent(b"p")).await?, [of(table)], "{}", table.name());
    }
    Ok(())
}

/// No byte is special, in no field.
pub async fn keys_are_bytes(store: &dyn Store) -> Result<(), StoreError> {
    let all: Vec<u8> = (0..=255).collect();
    let rows: Vec<Row> = all.iter().map(|byte| named(&[*byte], &[*byte, 0], &[&[0, *byte]])).collect();
    store.commit(puts(rows.clone())).await?;
    assert_eq!(store.select(T, Select::All).await?, rows);
    for row in &rows {
        assert_eq!(store.get(T, &row.key).await?.as_ref(), Some(row));
        assert_eq!(
            store.select(T, Select::Lookups(&row.parent, &row.lookups)).await?,
            std::slice::from_ref(row)
        );
    }
    Ok(())
}

/// An empty key, look-up or value is as good as any.
pub async fn empty_fields_are_fields(store: &dyn Store) -> Result<(), StoreError> {
    let row = Row { key: vec![], parent: vec![], lookups: vec![vec![]], at_ms: i64::MIN, value: vec![] };
    let late = Row { key: vec![0], at_ms: i64::MAX, ..row.clone() };
    store.commit(puts([row.clone(), late.clone()])).await?;
    assert_eq!(store.get(T, b"").await?, Some(row.clone()));
    assert_eq!(store.select(T, Select::Lookups(b"", &[vec![]])).await?, [row.clone(), late.clone()]);
    assert_eq!(store.select(T, Select::Newest { limit: 2 }).await?, [late, row]);
    Ok(())
}

/// A megabyte, and a row with a thousand look-ups.
pub async fn large_values_are_kept(store: &dyn Store) -> Result<(), StoreError> {
    let value: Vec<u8> = (0..1_u32 << 20).map(|byte| byte.to_le_bytes()[1]).collect();
    let lookups: Vec<Vec<u8>> = (0..1000_u32).map(|name| name.to_be_bytes().to_vec()).collect();
    let row = Row { value, lookups: lookups.clone(), ..row(b"k", b"p", 0) };
    store.commit(puts([row.clone()])).await?;
    assert_eq!(store.get(T, b"k").await?, Some(row));
    assert_eq!(store.count(T, Select::Lookups(b"p", &lookups[999..])).await?, 1);
    Ok(())
}

/// Nothing to do is done.
pub async fn an_empty_commit_is_a_commit(store: &dyn Store) -> Result<(), StoreError> {
    store.commit(vec![]).await?;
    assert_eq!(store.count(T, Select::All).await?, 0);
    Ok(())
}

/// A commit's future, dropped after each number of polls, leaves everything it would write or nothing, and
/// the store goes on.
pub async fn a_dropped_commit_leaves_all_or_nothing(store: &dyn Store) -> Result<(), StoreError> {
    const POLLS: u8 = 12;
    const ROWS: u64 = 40;
    for polls in 0..POLLS {
        let rows = (0..40_u8).map(|key| Row { key: vec![polls, key], ..row(b"", &[polls], 0) });
        poll_times(store.commit(puts(rows)), polls).await;
        // The next commit waits for whatever goes on behind the dropped future.
        store.commit(vec![Change::Put(Table::Settings, row(&[polls], b"", 0))]).await?;
        let found = store.count(T, Select::Parent(&[polls])).await?;
        assert!(found == 0 || found == ROWS, "{found} of {ROWS} rows after {polls} polls");
    }
    assert_eq!(store.count(Table::Settings, Select::All).await?, u64::from(POLLS));
    Ok(())
}

/// Polls a future so often, with room for other tasks in between, and drops it.
async fn poll_times<F: Future>(future: F, polls: u8) {
    let mut future = pin!(future);
    for _ in 0..polls {
        let mut context = Context::from_waker(Waker::noop());
        if future.as_mut().poll(&mut context).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// A first sync is one large commit; then all of it is read, looked up and deleted.
pub async fn ten_thousand_rows_in_one_commit(store: &dyn Store) -> Result<(), StoreError> {
    const ROWS: u32 = 10_000;
    let key = |number: u32| number.to_be_bytes().to_vec();
    let rows = (0..ROWS).map(|n| Row {
        lookups: vec![key(n / 2), [b"r".to_vec(), key(n)].concat()],
        value: vec![7; 200],
        ..row(&key(n), b"p", i64::from(n))
    });
    store.commit(puts(rows)).await?;
    assert_eq!(keys(store, Select::Parent(b"p")).await?.len(), ROWS as usize);
    assert_eq!(keys(store, Select::Lookups(b"p", &[key(1234)])).await?, [key(2468), key(2469)]);
    let all: Vec<Vec<u8>> = (0..ROWS).map(key).collect();
    assert_eq!(store.get_many(T, &all).await?.len(), ROWS as usize);
    store.commit(all.iter().map(|key| Change::Delete(T, key.clone())).collect()).await?;
    assert_eq!(store.count(T, Select::All).await?, 0);
    assert_eq!(store.count(T, Select::Lookups(b"p", &[key(1234)])).await?, 0);
    Ok(())
}

/// How many random sequences of commits are compared.
const MODEL_CASES: u32 = 48;

/// Makes random commits to a fresh store and to the model, and compares every answer after each.
pub fn answers_like_the_model<S, G, F>(open: impl Fn() -> F)
where
    S: Store,
    F: Future<Output = (S, G)>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let config = Config { cases: MODEL_CASES, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&commits(), |commits| {
        let runtime = runtime.as_ref().map_err(|error| TestCaseError::fail(error.to_string()))?;
        runtime.block_on(async {
            let (store, _outlives) = open().await;
            let model = MemoryStore::new();
            compare(&store, &model, &commits).await.map_err(|error| TestCaseError::fail(error.to_string()))
        })
    });
    assert!(outcome.is_ok(), "{}", outcome.err().map(|error| error.to_string()).unwrap_or_default());
}

async fn compare(store: &dyn Store, model: &dyn Store, commits: &[Vec<Change>]) -> Result<(), StoreError> {
    let names: Vec<Vec<u8>> = (0..4).map(|name| vec![name]).collect();
    for changes in commits {
        store.commit(changes.clone()).await?;
        model.commit(changes.clone()).await?;
        for table in [Table::Items, Table::Mirrors] {
            let mut questions = vec![Select::All];
            questions.extend((0..5).map(|limit| Select::Newest { limit }));
            for name in &names {
                questions.push(Select::Parent(name));
                questions.extend((0..3).map(|from| Select::Lookups(name, &names[from..from + 2])));
            }
            for which in questions {
                assert_eq!(store.select(table, which).await?, model.select(table, which).await?, "{which:?}");
                assert_eq!(store.count(table, which).await?, model.count(table, which).await?, "{which:?}");
            }
            for name in &names {
                assert_eq!(store.get(table, name).await?, model.get(table, name).await?);
            }
        }
    }
    Ok(())
}

/// Few names, so that changes meet.
fn commits() -> impl Strategy<Value = Vec<Vec<Change>>> {
    let name = || (0_u8..4).prop_map(|name| vec![name]);
    let table = || prop_oneof![Just(Table::Items), Just(Table::Mirrors)];
    let row = (name(), name(), prop::collection::vec(name(), 0..3), 0_i64..4, any::<[u8; 2]>()).prop_map(
        |(key, parent, lookups, at_ms, value)| Row { key, parent, lookups, at_ms, value: value.to_vec() },
    );
    let change = prop_oneof![
        6 => (table(), row).prop_map(|(table, row)| Change::Put(table, row)),
        2 => (table(), name()).prop_map(|(table, key)| Change::Delete(table, key)),
        1 => (table(), name()).prop_map(|(table, parent)| Change::DeleteParent(table, parent)),
        1 => (table(), 0_usize..4).prop_map(|(table, keep)| Change::Trim(table, keep)),
    ];
    prop::collection::vec(prop::collection::vec(change, 0..12), 1..5)
}
