//! The wire to a server, which a test can cut: to the caller it is as if the server's machine died.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// Takes connections and passes them on. Dropped, it is gone like a process that was killed: connections end, new ones are refused.
#[derive(Debug)]
pub struct Cable {
    /// Where it takes connections.
    pub address: SocketAddr,
    cut: Arc<Notify>,
    silent: watch::Sender<bool>,
    _task: JoinSet<()>,
}

impl Cable {
    /// A cable to `server`.
    pub async fn to(server: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (cut, silent) = (Arc::new(Notify::new()), watch::Sender::new(false));
        let mut task = JoinSet::new();
        task.spawn(pass(listener, server, Arc::clone(&cut), silent.clone()));
        Ok(Self { address, cut, silent, _task: task })
    }

    /// Ends the connections that are open. New ones are taken.
    pub fn cut(&self) {
        self.cut.notify_one();
    }

    /// From now on nothing passes and nothing ends, as when a machine has lost its power.
    pub fn fall_silent(&self) {
        self.silent.send_replace(true);
    }
}

async fn pass(listener: TcpListener, server: SocketAddr, cut: Arc<Notify>, silent: watch::Sender<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((from, _)) = listener.accept() => {
                connections.spawn(join(from, server, silent.subscribe()));
            }
            () = cut.notified() => connections.shutdown().await,
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn join(mut from: TcpStream, server: SocketAddr, mut silent: watch::Receiver<bool>) {
    let Ok(mut to) = TcpStream::connect(server).await else { return };
    tokio::select! {
        _ended = copy_bidirectional(&mut from, &mut to) => {}
        () = async { let _ = silent.wait_for(|silent| *silent).await; } => std::future::pending().await,
    }
}
