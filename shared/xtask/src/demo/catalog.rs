//! Loads a professional.

use anyhow::{Context as _, Result};
use orchard_proto::consultation::v1::professional_service_client::ProfessionalServiceClient;
use orchard_proto::consultation::v1::{CreateProfessionalRequest, Specialization};

use super::calls::{Calls, answer, request_id};
use super::state::State;
use super::values::money;

/// Creates the professional.
pub async fn load(calls: &Calls<'_>, state: &mut State) -> Result<()> {
    state.professional = enter_professional(calls, &state.currency).await?;
    state.save()
}

async fn enter_professional(calls: &Calls<'_>, currency: &str) -> Result<String> {
    let request = CreateProfessionalRequest {
        professional_name: "Dr. Flora Mandel".to_owned(),
        credentials: strings(&["RD", "PhD"]),
        specializations: vec![Specialization::Diabetes.into()],
        bio: "Fifteen years of helping families to eat more fruit than they thought they would.".to_owned(),
        years_experience: Some(15),
        consultation_rate: Some(money(currency, 65, 0)),
        languages: strings(&["English", "German"]),
        profile_image_url: String::new(),
        request_id: request_id("flora mandel"),
    };
    let mut professionals = ProfessionalServiceClient::new(calls.edge.clone());
    let response = answer("CreateProfessional", professionals.create_professional(calls.operator(request)?).await)?;
    Ok(response.professional.context("CreateProfessional returned no professional")?.professional_id)
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
