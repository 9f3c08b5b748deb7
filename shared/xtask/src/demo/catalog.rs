//! Loads professionals: one who waits to be verified, and five whom everyone finds, in as many zones.

use anyhow::{Context as _, Result};
use orchard_proto::consultation::v1::availability_service_client::AvailabilityServiceClient;
use orchard_proto::consultation::v1::professional_service_client::ProfessionalServiceClient;
use orchard_proto::consultation::v1::verification_service_client::VerificationServiceClient;
use orchard_proto::consultation::v1::{
    CreateProfessionalRequest, Professional, Schedule, SetScheduleRequest, Specialization, VerifyProfessionalRequest,
    WeeklyWindow,
};

use super::calls::{Calls, answer, request_id};
use super::state::State;
use super::values::money;

/// A professional whom everyone finds.
struct Listed {
    name: &'static str,
    specializations: &'static [Specialization],
    languages: &'static [&'static str],
    /// Of a session, in whole units of the currency.
    rate: i64,
    time_zone: &'static str,
    /// On working days.
    hours: &'static [(&'static str, &'static str)],
}

const LISTED: [Listed; 5] = [
    Listed {
        name: "Ama Boateng",
        specializations: &[Specialization::HeartHealth],
        languages: &["English", "French"],
        rate: 40,
        time_zone: "Africa/Accra",
        hours: &[("08:00", "12:00"), ("14:00", "17:00")],
    },
    Listed {
        name: "Jonas Lindqvist",
        specializations: &[Specialization::SportsNutrition],
        languages: &["Swedish", "English"],
        rate: 80,
        time_zone: "Europe/Stockholm",
        hours: &[("07:30", "15:30")],
    },
    Listed {
        name: "Priya Raman",
        specializations: &[Specialization::Diabetes, Specialization::HeartHealth],
        languages: &["English", "Tamil"],
        rate: 35,
        time_zone: "Asia/Kolkata",
        hours: &[("10:00", "13:30"), ("17:00", "20:00")],
    },
    Listed {
        name: "Grace O'Hara",
        specializations: &[Specialization::Diabetes],
        languages: &["English"],
        rate: 95,
        time_zone: "America/New_York",
        hours: &[("09:00", "17:00")],
    },
    Listed {
        name: "Kenji Mori",
        specializations: &[Specialization::SportsNutrition, Specialization::HeartHealth],
        languages: &["Japanese", "English"],
        rate: 70,
        time_zone: "Asia/Tokyo",
        hours: &[("18:00", "24:00")],
    },
];

/// Creates the professionals.
pub async fn load(calls: &Calls<'_>, state: &mut State) -> Result<()> {
    let currency = state.currency.clone();
    state.professional = enter(calls, flora(&currency)).await?.professional_id;
    state.save()?;
    for listed in &LISTED {
        let Professional { professional_id, etag, .. } = enter(calls, listed.entry(&currency)).await?;
        verify(calls, professional_id.clone(), etag).await?;
        set_schedule(calls, professional_id, listed).await?;
    }
    Ok(())
}

fn flora(currency: &str) -> CreateProfessionalRequest {
    CreateProfessionalRequest {
        professional_name: "Dr. Flora Mandel".to_owned(),
        credentials: strings(&["RD", "PhD"]),
        specializations: vec![Specialization::Diabetes.into()],
        bio: "Fifteen years of helping families to eat more fruit than they thought they would.".to_owned(),
        years_experience: Some(15),
        consultation_rate: Some(money(currency, 65, 0)),
        languages: strings(&["English", "German"]),
        profile_image_url: String::new(),
        request_id: request_id("flora mandel"),
    }
}

impl Listed {
    fn entry(&self, currency: &str) -> CreateProfessionalRequest {
        CreateProfessionalRequest {
            professional_name: self.name.to_owned(),
            credentials: strings(&["RD"]),
            specializations: self.specializations.iter().map(|field| i32::from(*field)).collect(),
            consultation_rate: Some(money(currency, self.rate, 0)),
            languages: strings(self.languages),
            request_id: request_id(self.name),
            ..CreateProfessionalRequest::default()
        }
    }

    fn schedule(&self) -> Schedule {
        let window =
            |weekday, (start, end): &(&str, &str)| WeeklyWindow { weekday, start: (*start).to_owned(), end: (*end).to_owned() };
        Schedule {
            time_zone: self.time_zone.to_owned(),
            weekly_windows: (1..=5).flat_map(|day| self.hours.iter().map(move |hours| window(day, hours))).collect(),
            slot_minutes: 30,
            step_minutes: 30,
            buffer_after_minutes: 10,
            notice_minutes: 120,
            horizon_days: 60,
            ..Schedule::default()
        }
    }
}

async fn enter(calls: &Calls<'_>, request: CreateProfessionalRequest) -> Result<Professional> {
    let mut professionals = ProfessionalServiceClient::new(calls.edge.clone());
    let response = answer("CreateProfessional", professionals.create_professional(calls.operator(request)?).await)?;
    response.professional.context("CreateProfessional returned no professional")
}

async fn verify(calls: &Calls<'_>, professional_id: String, etag: String) -> Result<()> {
    let request = calls.verifier(VerifyProfessionalRequest { professional_id, etag })?;
    let mut verification = VerificationServiceClient::new(calls.edge.clone());
    answer("VerifyProfessional", verification.verify_professional(request).await)?;
    Ok(())
}

async fn set_schedule(calls: &Calls<'_>, professional_id: String, listed: &Listed) -> Result<()> {
    let request = SetScheduleRequest { professional_id, schedule: Some(listed.schedule()) };
    let mut availability = AvailabilityServiceClient::new(calls.edge.clone());
    answer("SetSchedule", availability.set_schedule(calls.operator(request)?).await)?;
    Ok(())
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
