//! The open connections of a port, and which of them makes room for a new one.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use tokio::task::{AbortHandle, Id};

use crate::shares::network;

/// A connection, as its calls see it.
#[derive(Debug)]
pub(crate) struct Peer {
    remote: IpAddr,
    address: IpAddr,
    begun: Instant,
    /// Whether the connection has had a call of a caller with a token.
    is_known: AtomicBool,
    /// Such calls that are open.
    calls: AtomicUsize,
    /// When the last of them ended, in milliseconds after the beginning.
    idle_since: AtomicU64,
}

impl Peer {
    fn new(address: IpAddr) -> Self {
        let (is_known, calls, idle_since) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicU64::new(0));
        Self { remote: address, address: network(address), begun: Instant::now(), is_known, calls, idle_since }
    }

    /// Returns the address at the other end.
    pub(crate) fn remote(&self) -> IpAddr {
        self.remote
    }

    /// Returns the address that connections are counted by.
    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }

    /// Keeps the connection from being closed for others until the returned value is dropped.
    pub(crate) fn call(self: &Arc<Self>) -> PeerCall {
        self.is_known.store(true, Relaxed);
        self.calls.fetch_add(1, Relaxed);
        PeerCall(Arc::clone(self))
    }

    fn idle_since(&self) -> Instant {
        self.begun + std::time::Duration::from_millis(self.idle_since.load(Relaxed))
    }
}

/// An open call of a caller with a token.
#[derive(Debug)]
pub(crate) struct PeerCall(Arc<Peer>);

impl Drop for PeerCall {
    fn drop(&mut self) {
        let now = u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.idle_since.store(now, Relaxed);
        self.0.calls.fetch_sub(1, Relaxed);
    }
}

/// The connections of a port.
pub(super) struct Peers {
    most: usize,
    most_of_one: usize,
    open: HashMap<Id, (Arc<Peer>, AbortHandle)>,
    by_address: HashMap<IpAddr, usize>,
}

impl Peers {
    /// Returns a port's connections: at most `most`, of which one address has at most `share` percent.
    pub(super) fn new(most: usize, share: u8) -> Self {
        let most_of_one = (most * usize::from(share) / 100).max(1);
        Self { most, most_of_one, open: HashMap::new(), by_address: HashMap::new() }
    }

    /// Returns a new connection, if there is room or another one makes room.
    pub(super) fn admit(&mut self, address: IpAddr) -> Option<Arc<Peer>> {
        let peer = Peer::new(address);
        let of_address = self.by_address.get(&peer.address).copied().unwrap_or_default();
        // An address that has its share makes room for itself.
        let admitted = if of_address >= self.most_of_one {
            self.close_one(Some(peer.address))
        } else {
            self.open.len() < self.most || self.close_one(None)
        };
        admitted.then(|| Arc::new(peer))
    }

    pub(super) fn opened(&mut self, peer: Arc<Peer>, task: AbortHandle) {
        *self.by_address.entry(peer.address).or_default() += 1;
        self.open.insert(task.id(), (peer, task));
    }

    pub(super) fn ended(&mut self, id: Id) {
        let Some((peer, _)) = self.open.remove(&id) else { return };
        if let Some(count) = self.by_address.get_mut(&peer.address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&peer.address);
            }
        }
    }

    /// Closes a connection without open calls and returns whether there was one: of the address that has the most, one that no caller with
    /// a token has used before others, and of those the one that has been idle for longest.
    pub(super) fn close_one(&mut self, of: Option<IpAddr>) -> bool {
        let idle = self.open.values().filter(|(peer, _)| peer.calls.load(Relaxed) == 0);
        let candidates = idle.filter(|(peer, _)| of.is_none_or(|address| peer.address == address));
        let rank = |peer: &Peer| (self.by_address.get(&peer.address).copied(), !peer.is_known.load(Relaxed));
        let closed = candidates
            .max_by(|(a, _), (b, _)| rank(a).cmp(&rank(b)).then_with(|| b.idle_since().cmp(&a.idle_since())))
            .map(|(_, task)| (task.id(), task.abort()));
        // Its place is free now, although its task ends a moment later.
        closed.is_some_and(|(id, ())| {
            self.ended(id);
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    /// Connections that are never served.
    struct Port {
        peers: Peers,
        tasks: JoinSet<()>,
    }

    impl Port {
        fn connect(&mut self, address: &str) -> Option<Arc<Peer>> {
            let peer = self.peers.admit(address.parse().expect("an address"))?;
            let task = self.tasks.spawn(std::future::pending());
            self.peers.opened(Arc::clone(&peer), task);
            Some(peer)
        }

        fn of(&self, address: &str) -> usize {
            self.peers.by_address.get(&address.parse::<IpAddr>().expect("an address")).copied().unwrap_or_default()
        }

        fn has(&self, peer: &Arc<Peer>) -> bool {
            self.peers.open.values().any(|(open, _)| Arc::ptr_eq(open, peer))
        }
    }

    fn port(most: usize, share: u8) -> Port {
        Port { peers: Peers::new(most, share), tasks: JoinSet::new() }
    }

    #[tokio::test]
    async fn one_address_has_its_share_and_makes_room_for_itself() {
        let mut port = port(8, 25);
        let polite = port.connect("10.0.0.1").expect("room");
        let first = port.connect("10.0.0.2").expect("room");
        for _ in 0..20 {
            assert!(port.connect("10.0.0.2").is_some());
        }
        assert_eq!((port.of("10.0.0.1"), port.of("10.0.0.2")), (1, 2));
        assert!(port.has(&polite) && !port.has(&first), "the oldest made room");
    }

    #[tokio::test]
    async fn at_the_limit_the_address_with_the_most_loses_its_oldest_idle_connection() {
        let mut port = port(6, 75);
        let polite = port.connect("10.0.0.1").expect("room");
        let hoard: Vec<_> = (0..4).map(|_| port.connect("10.0.0.2").expect("room")).collect();
        // The oldest has an open call, the next has had one.
        let open = hoard[0].call();
        drop(hoard[1].call());
        let _other = port.connect("10.0.0.3").expect("room");
        assert!(port.connect("10.0.0.4").is_some());
        assert!(!port.has(&hoard[2]) && port.has(&hoard[0]) && port.has(&hoard[1]) && port.has(&hoard[3]) && port.has(&polite));
        drop(open);
    }

    #[tokio::test]
    async fn connections_with_open_calls_are_kept() {
        let mut port = port(2, 100);
        let calls: Vec<_> = (0..2).map(|_| port.connect("10.0.0.1").expect("room").call()).collect();
        assert!(port.connect("10.0.0.2").is_none());
        drop(calls);
        assert!(port.connect("10.0.0.2").is_some());
    }
}
