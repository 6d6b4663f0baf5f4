use super::node::{Node, TCP};
use crate::limits::MAX_STRANGERS_OF_ONE;

#[tokio::test]
async fn a_crowd_of_strangers_drives_out_its_oldest_and_no_member() {
    let mut node = Node::start(100, &[TCP]).await;
    let member = Node::start(101, &[]).await;
    member.dial(&node).await;
    node.connected(&member.peer).await;
    node.gate(&member.peer, true).await;
    let mut strangers = Vec::new();
    for n in 0..=MAX_STRANGERS_OF_ONE {
        let mut stranger = Node::start(u8::try_from(n).unwrap(), &[]).await;
        stranger.dial(&node).await;
        stranger.connected(&node.peer).await;
        node.connected(&stranger.peer).await;
        strangers.push(stranger);
    }
    let oldest = strangers[0].peer.clone();
    node.disconnected(&oldest).await;
    strangers[0].disconnected(&node.peer).await;
    let gone =
        |input: &folkmoot_sync::Input| matches!(input, folkmoot_sync::Input::Disconnected { .. });
    assert!(!node.has_seen(gone), "the member and the others stay");
    // Whoever was there before comes in beside the crowd.
    member
        .act(folkmoot_sync::Output::Hangup {
            peer: node.peer.clone(),
        })
        .await;
    node.disconnected(&member.peer).await;
    member.dial(&node).await;
    node.connected(&member.peer).await;
    assert!(!node.has_seen(gone), "nobody made room for a member");
}
