//! Those who make calls.

use std::future::pending;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use h2::SendStream;
use h2::client::{Builder, ResponseFuture};
use tokio::time::{sleep, timeout};

use super::Target;
use crate::raw::{Raw, end, frame};

const LARGEST: usize = 1024 * 1024;
/// Calls at once on each connection: fewer than a server takes.
const CALLS: usize = 100;
/// Longest wait for an answer, which may never come.
const ANSWER: Duration = Duration::from_millis(500);

/// A call whose stream stays open while this is held.
type Open = (ResponseFuture, SendStream<Bytes>);

async fn open(raw: &Raw, path: &str, request: Bytes, is_whole: bool) -> anyhow::Result<Open> {
    let (answer, mut message) = raw.request(raw.head(path, &[])?).await?;
    message.send_data(request, is_whole)?;
    Ok((answer, message))
}

/// Makes calls on several connections and waits until they are answered, as far as they are.
async fn hold(target: Target, settings: &Builder, path: &'static str, connections: usize) -> anyhow::Result<()> {
    let (mut raws, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..connections {
        let raw = target.connect_with(settings).await?;
        for _ in 0..CALLS {
            calls.push(open(&raw, path, target.request.clone(), true).await?);
        }
        raws.push(raw);
    }
    let (answers, _messages): (Vec<_>, Vec<_>) = calls.into_iter().unzip();
    let _bodies = join_all(answers.into_iter().map(|answer| timeout(ANSWER, answer))).await;
    target.is_in_the_way();
    pending().await
}

/// Makes calls one after the other on several connections.
async fn storm(target: Target, request: Bytes, path: &'static str) -> anyhow::Result<()> {
    let raws = connections(&target, 4).await?;
    loop {
        for raw in &raws {
            let mut answers = Vec::new();
            for _ in 0..10 {
                answers.push(open(raw, path, request.clone(), true).await?.0);
            }
            join_all(answers.into_iter().map(|answer| timeout(ANSWER, end(answer)))).await;
        }
        target.again().await;
    }
}

async fn connections(target: &Target, count: usize) -> anyhow::Result<Vec<Raw>> {
    let mut raws = Vec::new();
    for _ in 0..count {
        raws.push(target.connect().await?);
    }
    Ok(raws)
}

pub(super) async fn reads_no_answers(target: Target) -> anyhow::Result<()> {
    let method = target.method;
    hold(target, Builder::new().initial_window_size(0), method, 2).await
}

pub(super) async fn reads_no_streams(target: Target) -> anyhow::Result<()> {
    let stream = target.stream;
    hold(target, Builder::new().initial_window_size(0), stream, 2).await
}

pub(super) async fn reads_one_byte_of_each_answer(target: Target) -> anyhow::Result<()> {
    let method = target.method;
    hold(target, Builder::new().initial_window_size(1), method, 2).await
}

pub(super) async fn hoards_streams(target: Target) -> anyhow::Result<()> {
    let (stream, connections) = (target.stream, target.max_streams / CALLS + 1);
    hold(target, &Builder::new(), stream, connections).await
}

pub(super) async fn hoards_reflection(target: Target) -> anyhow::Result<()> {
    let target = Target { token: String::new(), ..target };
    let (raws, mut streams) = (connections(&target, target.max_streams / CALLS + 1).await?, Vec::new());
    for raw in &raws {
        for _ in 0..CALLS {
            streams.push(open(raw, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Bytes::new(), false).await?);
        }
    }
    sleep(ANSWER).await;
    target.is_in_the_way();
    pending().await
}

pub(super) async fn sends_all_but_the_last_byte(target: Target) -> anyhow::Result<()> {
    let raws = connections(&target, 16).await?;
    let request = frame(0, LARGEST, &vec![0; LARGEST - 1]);
    let mut calls = Vec::new();
    for raw in raws.iter().cycle().take(64) {
        calls.push(open(raw, target.method, request.clone(), false).await?);
    }
    sleep(ANSWER).await;
    target.is_in_the_way();
    pending().await
}

pub(super) async fn sends_byte_by_byte(target: Target) -> anyhow::Result<()> {
    let raws = connections(&target, 2).await?;
    loop {
        let mut calls = Vec::new();
        for raw in &raws {
            for _ in 0..CALLS {
                calls.push(open(raw, target.method, target.request.slice(..1), false).await?);
            }
        }
        for _ in 0..20 {
            for (_, message) in &mut calls {
                // The call may have been refused.
                let _ = message.send_data(Bytes::from_static(&[0]), false);
            }
            sleep(Duration::from_millis(100)).await;
            target.is_in_the_way();
        }
    }
}

pub(super) async fn sends_too_much(target: Target) -> anyhow::Result<()> {
    let (request, method) = (frame(0, 2 * LARGEST, &vec![0; 2 * LARGEST]), target.method);
    storm(target, request, method).await
}

pub(super) async fn sends_a_million_fields(target: Target) -> anyhow::Result<()> {
    // Empty fields with the number 15.
    let message = [15 << 3 | 2, 0].repeat(LARGEST / 2);
    let (request, method) = (frame(0, message.len(), &message), target.method);
    storm(target, request, method).await
}

pub(super) async fn has_no_token(target: Target) -> anyhow::Result<()> {
    let (target, request) = (Target { token: String::new(), ..target.clone() }, target.request);
    let method = target.method;
    storm(target, request, method).await
}

pub(super) async fn asks_for_unknown_methods(target: Target) -> anyhow::Result<()> {
    let request = target.request.clone();
    storm(target, request, "/orchard.probe.v1.ProbeService/Nothing").await
}

pub(super) async fn calls_without_end(target: Target) -> anyhow::Result<()> {
    let (request, method) = (target.request.clone(), target.method);
    storm(target, request, method).await
}

pub(super) async fn sends_large_headers(target: Target) -> anyhow::Result<()> {
    let value = "x".repeat(1024);
    loop {
        let raw = target.connect().await?;
        // What a service takes, what it refuses, and what HTTP/2 refuses.
        for size in [20, 30, 40, 66] {
            let names: Vec<_> = (0..size).map(|number| format!("x-large-{number}")).collect();
            let headers: Vec<_> = names.iter().map(|name| (name.as_str(), value.as_str())).collect();
            let Ok((answer, _message)) = raw.request(raw.head(target.method, &headers)?).await else { break };
            let _ = timeout(ANSWER / 10, answer).await;
        }
        target.again().await;
    }
}

pub(super) async fn hangs_up_at_once(target: Target) -> anyhow::Result<()> {
    loop {
        let raw = target.connect().await?;
        for _ in 0..500 {
            let Ok((_answer, mut message)) = open(&raw, target.method, target.request.clone(), false).await else { break };
            message.send_reset(h2::Reason::CANCEL);
        }
        // Until the server has seen them all, or has had enough of this connection.
        if let Ok((answer, _message)) = open(&raw, target.method, target.request.clone(), true).await {
            let _ = timeout(ANSWER, end(answer)).await;
        }
        target.again().await;
    }
}
