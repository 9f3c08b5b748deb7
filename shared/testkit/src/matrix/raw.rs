//! Calls with bytes, whatever kind of method it is.

use futures::stream;
use prost::bytes::{Buf, BufMut};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status};

use super::Method;
use crate::client::Client;

/// Waits for the end of a single answer, and for the beginning of a stream: before that, a call that is refused has no headers.
pub(super) async fn call(client: Client, method: &Method, message: Vec<u8>) -> Result<Vec<u8>, Status> {
    let mut client = tonic::client::Grpc::new(client);
    client.ready().await.map_err(|error| Status::from_error(error.into()))?;
    let request = Request::new(stream::iter([message]));
    let mut answers = client.streaming(request, method.path.clone(), Bytes).await?.into_inner();
    match method.streams {
        // The first of them: what comes of a stream that has an end, and when, is not asked here.
        true => Ok(answers.message().await?.unwrap_or_default()),
        false => answers.message().await?.ok_or_else(|| Status::data_loss("an answer without a message")),
    }
}

/// Sends bytes, and gives those that come, as they are.
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}
