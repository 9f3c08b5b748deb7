//! Settings of traces.

use clap::Args;
use http::Uri;

/// Which traces are exported, and where to. The environment variables are OpenTelemetry's own.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Traces")]
pub struct TraceOptions {
    /// Address of a collector that accepts spans by OTLP over gRPC, such as http://collector:4317; without one, none are exported
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_parser = endpoint, value_name = "URL")]
    pub otlp_endpoint: Option<Uri>,
    /// Share of the traces that begin here to export, from 0 to 1; for other traces the caller decides
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value = "1", value_parser = ratio, value_name = "RATIO")]
    pub trace_ratio: f64,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self { otlp_endpoint: None, trace_ratio: 1.0 }
    }
}

fn endpoint(text: &str) -> Result<Uri, String> {
    let uri: Uri = text.parse().map_err(|_| "must be an address such as http://collector:4317")?;
    match (uri.scheme_str(), uri.authority()) {
        (Some("http"), Some(_)) => Ok(uri),
        _ => Err("must begin with http://, because spans are sent in cleartext".to_owned()),
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().map_err(|_| "must be a number from 0 to 1")?;
    if (0.0..=1.0).contains(&ratio) { Ok(ratio) } else { Err("must be from 0 to 1".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_settings_are_refused() {
        assert!(endpoint("http://collector:4317").is_ok());
        for bad in ["", "collector:4317", "https://collector:4317", "/x"] {
            assert!(endpoint(bad).is_err(), "{bad}");
        }
        assert_eq!(ratio("0.25"), Ok(0.25));
        for bad in ["", "-0.1", "1.1", "NaN", "all"] {
            assert!(ratio(bad).is_err(), "{bad}");
        }
    }
}
