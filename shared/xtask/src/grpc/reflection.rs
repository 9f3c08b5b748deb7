//! A client of server reflection (grpc.reflection.v1).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use orchard_proto::DESCRIPTORS;
use prost::Message as _;
use prost_reflect::{DescriptorPool, ServiceDescriptor};
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use tonic::Code;
use tonic::transport::Channel;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use super::status;

/// The reflection service of a server.
#[derive(Debug)]
pub struct Reflection {
    client: ServerReflectionClient<Channel>,
}

impl Reflection {
    /// Returns the client for the server of this channel.
    pub fn new(channel: Channel) -> Self {
        Self { client: ServerReflectionClient::new(channel) }
    }

    /// Lists the full names of the services.
    pub async fn services(&mut self) -> Result<Vec<String>> {
        match self.ask(MessageRequest::ListServices(String::new())).await? {
            MessageResponse::ListServicesResponse(list) => Ok(list.service.into_iter().map(|service| service.name).collect()),
            other => bail!("the server answered a request for its services with {other:?}"),
        }
    }

    /// Describes a service with all types that its methods use.
    pub async fn describe(&mut self, service: &str) -> Result<ServiceDescriptor> {
        let mut files: BTreeMap<String, FileDescriptorProto> = BTreeMap::new();
        let mut asked = BTreeSet::new();
        let mut open = vec![MessageRequest::FileContainingSymbol(service.to_owned())];
        while let Some(question) = open.pop() {
            for file in self.files(question).await? {
                for dependency in &file.dependency {
                    if asked.insert(dependency.clone()) {
                        open.push(MessageRequest::FileByFilename(dependency.clone()));
                    }
                }
                files.insert(file.name().to_owned(), file);
            }
        }
        // The types inside `google.protobuf.Any` are not among the imports.
        if service.starts_with("orchard.") {
            for file in FileDescriptorSet::decode(DESCRIPTORS)?.file {
                files.entry(file.name().to_owned()).or_insert(file);
            }
        }
        let mut pool = DescriptorPool::new();
        pool.add_file_descriptor_protos(files.into_values()).context("the server's descriptors are not complete")?;
        pool.get_service_by_name(service).with_context(|| format!("the server does not describe {service}"))
    }

    async fn files(&mut self, question: MessageRequest) -> Result<Vec<FileDescriptorProto>> {
        match self.ask(question).await? {
            MessageResponse::FileDescriptorResponse(response) => {
                let files = response.file_descriptor_proto.iter().map(|bytes| FileDescriptorProto::decode(bytes.as_slice()));
                files.collect::<Result<_, _>>().context("the server's descriptors cannot be decoded")
            }
            other => bail!("the server answered a request for a file with {other:?}"),
        }
    }

    async fn ask(&mut self, question: MessageRequest) -> Result<MessageResponse> {
        let request = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
        let refused = |refusal: tonic::Status| {
            if refusal.code() == Code::Unimplemented {
                anyhow::anyhow!("the server's reflection is off")
            } else {
                anyhow::anyhow!("the server's reflection failed:\n{}", status::describe(&refusal))
            }
        };
        let answers = self.client.server_reflection_info(tokio_stream::once(request)).await.map_err(refused)?;
        let answer = answers.into_inner().message().await.map_err(refused)?;
        let answer = answer.and_then(|answer| answer.message_response).context("the server's reflection gave no answer")?;
        if let MessageResponse::ErrorResponse(error) = &answer {
            bail!("the server's reflection refused: {}", error.error_message);
        }
        Ok(answer)
    }
}
