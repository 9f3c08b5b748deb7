//! `cargo xtask grpc`: a call from the command line, without grpcurl.

mod dynamic;
mod reflection;
pub mod status;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, Endpoint};

use self::dynamic::DynamicCodec;
use self::reflection::Reflection;
use crate::output::say;
use crate::project::DEFAULT_PORT;
use crate::token::{KeyFolder, Who};

const CALL_LIMIT: Duration = Duration::from_secs(30);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const TOKEN_TTL: Duration = Duration::from_secs(300);

/// Call a unary method by reflection, with JSON as request and response.
///
/// Examples:
///   cargo xtask grpc list
///   cargo xtask grpc --user alice EdgeService/GetFamilyDashboard '{"family_plan_id": "..."}'
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// `Service/Method`, with or without the package, or `list` to list the services.
    #[arg(value_name = "SERVICE/METHOD")]
    method: String,
    /// The request as JSON.
    #[arg(value_name = "JSON", default_value = "{}")]
    request: String,
    /// Address of the server.
    #[arg(long, env = "ORCHARD_ADDRESS", default_value_t = format!("127.0.0.1:{DEFAULT_PORT}"), value_name = "HOST:PORT")]
    address: String,
    /// Bearer token to send.
    #[arg(long, conflicts_with_all = ["user", "roles"])]
    token: Option<String>,
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    keys: KeyFolder,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<ExitCode> {
    let token = match &args.token {
        Some(token) => Some(token.clone()),
        None if args.who.user.is_none() && args.who.roles.is_empty() => None,
        None => args.who.token(&args.keys.open()?, TOKEN_TTL)?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let channel = connect(&args.address).await?;
        let mut reflection = Reflection::new(channel.clone());
        if args.method == "list" {
            for service in reflection.services().await? {
                say(&service);
            }
            return Ok(ExitCode::SUCCESS);
        }
        let method = find_method(&mut reflection, &args.method).await?;
        let request = parse_request(method.input(), &args.request)?;
        match call(channel, &method, request, token.as_deref()).await? {
            Ok(response) => {
                say(&serde_json::to_string_pretty(&response)?);
                Ok(ExitCode::SUCCESS)
            }
            Err(status) => {
                eprintln!("{}", status::describe(&status));
                Ok(ExitCode::FAILURE)
            }
        }
    })
}

async fn connect(address: &str) -> Result<Channel> {
    let url = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    let endpoint =
        Endpoint::from_shared(url).with_context(|| format!("`{address}` is not an address such as 127.0.0.1:15050"))?;
    let channel = endpoint.connect_timeout(CONNECT_LIMIT).connect().await;
    channel.map_err(|_| anyhow!("nothing answers at {address}: start the suite with `cargo xtask up`, or give --address"))
}

async fn find_method(reflection: &mut Reflection, wanted: &str) -> Result<MethodDescriptor> {
    let split = wanted.trim_start_matches('/').rsplit_once('/').or_else(|| wanted.rsplit_once('.'));
    let (service, method) = split.with_context(|| format!("`{wanted}` is not of the form Service/Method"))?;
    let name = choose_service(&reflection.services().await?, service)?;
    let service = reflection.describe(&name).await?;
    let found = service.methods().find(|candidate| candidate.name() == method).with_context(|| {
        let names: Vec<String> = service.methods().map(|method| method.name().to_owned()).collect();
        format!("{name} has no method `{method}`; it has {}", names.join(", "))
    })?;
    if found.is_client_streaming() || found.is_server_streaming() {
        bail!("{wanted} streams; this command calls unary methods only");
    }
    Ok(found)
}

fn choose_service(all: &[String], wanted: &str) -> Result<String> {
    let suffix = format!(".{wanted}");
    let matching: Vec<&String> = all.iter().filter(|name| *name == wanted || name.ends_with(&suffix)).collect();
    match matching.as_slice() {
        [one] => Ok((*one).clone()),
        [] => bail!("there is no service `{wanted}`; the server has:\n  {}", all.join("\n  ")),
        _ => bail!("`{wanted}` is ambiguous: {matching:?}; add the package"),
    }
}

fn parse_request(descriptor: MessageDescriptor, json: &str) -> Result<DynamicMessage> {
    let name = descriptor.full_name().to_owned();
    let mut input = serde_json::Deserializer::from_str(json);
    let message = DynamicMessage::deserialize(descriptor, &mut input).and_then(|message| input.end().map(|()| message));
    message.with_context(|| format!("the JSON is not a valid {name}"))
}

async fn call(
    channel: Channel,
    method: &MethodDescriptor,
    message: DynamicMessage,
    token: Option<&str>,
) -> Result<Result<DynamicMessage, tonic::Status>> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(CALL_LIMIT);
    if let Some(token) = token {
        let value: AsciiMetadataValue =
            format!("Bearer {token}").parse().context("the token has characters that are not allowed in a header")?;
        request.metadata_mut().insert("authorization", value);
    }
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name()).parse()?;
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.context("the server has closed the connection")?;
    Ok(client.unary(request, path, DynamicCodec::new(method.output())).await.map(tonic::Response::into_inner))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::TcpListener;
    use tokio_stream::wrappers::TcpListenerStream;
    use tonic::transport::Server;

    use super::*;

    /// Runs `calls` with a server of health and reflection.
    async fn with_server<T>(calls: impl AsyncFnOnce(Channel) -> T) -> T {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (_, health) = tonic_health::server::health_reporter();
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(orchard_proto::DESCRIPTORS)
            .build_v1()
            .unwrap();
        let server = Server::builder().add_service(health).add_service(reflection);
        tokio::select! {
            ended = server.serve_with_incoming(TcpListenerStream::new(listener)) => panic!("{ended:?}"),
            answer = async { calls(connect(&address).await.unwrap()).await } => answer,
        }
    }

    #[tokio::test]
    async fn a_method_is_found_and_called_by_reflection_alone() {
        let answers = with_server(async |channel| {
            let mut reflection = Reflection::new(channel.clone());
            let method = find_method(&mut reflection, "Health/Check").await.unwrap();
            let good = parse_request(method.input(), "{}").unwrap();
            let good = call(channel.clone(), &method, good, Some("token")).await.unwrap().unwrap();
            let bad = parse_request(method.input(), r#"{"service": "nobody"}"#).unwrap();
            let bad = call(channel.clone(), &method, bad, None).await.unwrap().unwrap_err();
            (serde_json::to_string(&good).unwrap(), status::describe(&bad))
        });
        let (good, bad) = answers.await;
        assert_eq!(good, r#"{"status":"SERVING"}"#);
        assert!(bad.starts_with("NOT_FOUND: "), "{bad}");
    }

    #[tokio::test]
    async fn the_contracts_are_described_with_their_imports() {
        with_server(async |channel| {
            let mut reflection = Reflection::new(channel);
            for name in ["EdgeService/GetFamilyDashboard", "orchard.family.v1.MemberService/UpdateMember"] {
                let method = find_method(&mut reflection, name).await.unwrap();
                assert!(method.input().fields().len() > 0, "{name}");
            }
            for (name, said) in [("Health/Watch", "streams"), ("EdgeService/Nothing", "GetFamilyDashboard"), ("Nothing", "form")]
            {
                let error = find_method(&mut reflection, name).await.unwrap_err().to_string();
                assert!(error.contains(said), "{error}");
            }
        })
        .await;
    }

    #[test]
    fn a_service_may_be_named_without_its_package_if_that_is_unique() {
        let all = ["orchard.edge.v1.EdgeService", "a.Twice", "b.Twice"].map(str::to_owned);
        assert_eq!(choose_service(&all, "EdgeService").unwrap(), all[0]);
        assert_eq!(choose_service(&all, "orchard.edge.v1.EdgeService").unwrap(), all[0]);
        assert!(choose_service(&all, "Twice").unwrap_err().to_string().contains("b.Twice"));
        assert!(choose_service(&all, "geService").unwrap_err().to_string().contains("no service"));
    }

    #[test]
    fn json_may_use_either_kind_of_field_name() {
        let pool = prost_reflect::DescriptorPool::decode(orchard_proto::DESCRIPTORS).unwrap();
        let request = pool.get_message_by_name("orchard.edge.v1.GetFamilyDashboardRequest").unwrap();
        for json in [r#"{"family_plan_id": "x"}"#, r#"{"familyPlanId": "x"}"#] {
            let message = parse_request(request.clone(), json).unwrap();
            assert_eq!(serde_json::to_string(&message).unwrap(), r#"{"familyPlanId":"x"}"#);
        }
        for json in ["", "{", "{} {}", r#"{"plan": "x"}"#] {
            assert!(parse_request(request.clone(), json).is_err(), "{json}");
        }
    }
}
