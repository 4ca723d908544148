//! Event streams over connections that break.

use crate::lab::{Fault, Lab};
use filbench_client::Subject;

/// Kept events by id, and how often progress came.
async fn all(lab: &Lab) -> (Vec<(i64, String)>, usize) {
    let mut events = lab.client.events(Subject::Submission(lab.submission.clone()), 0);
    let (mut kept, mut progress) = (Vec::new(), 0);
    while let Some(event) = events.next().await.unwrap() {
        match event.id {
            Some(id) => kept.push((id, event.kind)),
            None => progress += 1,
        }
    }
    assert_eq!(events.next().await.unwrap(), None);
    assert_eq!(events.after(), 6);
    (kept, progress)
}

fn whole() -> Vec<(i64, String)> {
    ["queued", "queued", "started", "ended", "started", "ended"]
        .iter()
        .zip(1..)
        .map(|(kind, id)| (id, (*kind).to_owned()))
        .collect()
}

/// Bytes of the whole stream.
fn length(lab: &Lab) -> usize {
    lab.known.lock().unwrap().events.iter().map(|(_, frame)| frame.len()).sum()
}

#[tokio::test]
async fn each_event_comes_once_wherever_a_connection_breaks() {
    let lab = Lab::open().await;
    assert_eq!(all(&lab).await, (whole(), 1));
    for at in 0..=length(&lab) {
        // The first request asks how the submission stands.
        lab.faults([Fault::None, Fault::Cut(at)]);
        let (kept, _) = all(&lab).await;
        assert_eq!(kept, whole(), "cut after {at} bytes");
    }
}

#[tokio::test]
async fn a_connection_goes_on_after_the_last_whole_event() {
    let lab = Lab::open().await;
    let first = lab.known.lock().unwrap().events[0].1.len();
    lab.faults([Fault::None, Fault::Cut(first + 10), Fault::None, Fault::Cut(3)]);
    assert_eq!(all(&lab).await.0, whole());
    let last_ids = lab.known.lock().unwrap().last_ids.clone();
    let of_streams: Vec<_> = last_ids.iter().skip(1).step_by(2).map(Option::as_deref).collect();
    assert_eq!(of_streams, [None, Some("1"), Some("1")]);
}

/// A daemon that is ended ends its streams in good order.
#[tokio::test]
async fn a_stream_that_ends_early_goes_on() {
    let lab = Lab::open().await;
    lab.known.lock().unwrap().has_ended = false;
    let known = lab.known.clone();
    let three: usize = known.lock().unwrap().events[..4].iter().map(|(_, f)| f.len()).sum();
    lab.faults([Fault::None, Fault::End(three)]);
    let mut events = lab.client.events(Subject::Submission(lab.submission.clone()), 0);
    let mut kept = Vec::new();
    while let Some(event) = events.next().await.unwrap() {
        kept.extend(event.id);
        if kept.len() == 3 {
            known.lock().unwrap().has_ended = true;
        }
    }
    assert_eq!(kept, [1, 2, 3, 4, 5, 6]);
}

/// A server whose counting begins anew, or that does not heed the last id.
#[tokio::test]
async fn what_comes_again_is_left_out() {
    let lab = Lab::open().await;
    // So that it sends them all each time.
    lab.known.lock().unwrap().events.iter_mut().for_each(|(id, _)| *id += 1000);
    lab.faults([Fault::None, Fault::Cut(300), Fault::None, Fault::Cut(500)]);
    assert_eq!(all(&lab).await.0, whole());
}

#[tokio::test]
async fn a_silent_connection_is_given_up() {
    let lab = Lab::open().await;
    lab.faults([Fault::None, Fault::Silence]);
    assert_eq!(all(&lab).await.0, whole());
}

#[tokio::test]
async fn what_is_no_event_is_an_error() {
    let lab = Lab::open().await;
    lab.known.lock().unwrap().events = vec![(1, "data: {\"kind\": 7}\n\n".into())];
    let mut events = lab.client.events(Subject::Submission(lab.submission.clone()), 0);
    let error = events.next().await.unwrap_err().to_string();
    assert!(error.contains("/events: the answer does not read"), "{error}");
}
