//! RM: login, paging, empty lists, typos, bookings and their conflicts, faults.

use fluxo_sandbox::Options;
use serde_json::{Value, json};

use crate::service::{World, options};

async fn token(world: &World, body: Value) -> (u16, Value) {
    let url = format!("{}/api/connect/token", world.sandbox.rm_url());
    let answer = world.http.post(url).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn with_bearer(world: &World, token: &str) -> u16 {
    let url = format!("{}/api/hcg/v1/specialties", world.sandbox.rm_url());
    world.http.get(url).bearer_auth(token).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_token_lives_300_seconds_and_is_refreshed_once() {
    let world = World::start(options()).await;
    let user = Options::default();
    let login = json!({ "grant_type": "password", "username": user.rm_user, "password": user.rm_password });
    let (status, first) = token(&world, login).await;
    assert_eq!(
        (status, first["expires_in"].as_i64(), first["token_type"].as_str()),
        (200, Some(300), Some("Bearer"))
    );
    let access = first["access_token"].as_str().unwrap();
    assert_eq!(with_bearer(&world, access).await, 200);
    world.control("clock", json!({ "advance_s": 299 })).await;
    assert_eq!(with_bearer(&world, access).await, 200);
    world.control("clock", json!({ "advance_s": 2 })).await;
    assert_eq!(with_bearer(&world, access).await, 401);

    let refresh = json!({ "grant_type": "refresh_token", "refresh_token": first["refresh_token"] });
    let (status, second) = token(&world, refresh.clone()).await;
    assert_eq!(status, 200);
    assert_eq!(with_bearer(&world, second["access_token"].as_str().unwrap()).await, 200);
    assert_eq!(token(&world, refresh).await.0, 400);
    let (status, _) =
        token(&world, json!({ "grant_type": "password", "username": "fluxo", "password": "wrong" })).await;
    assert_eq!(status, 400);
    let book = world.look("requests?path=/api/connect/token").await;
    assert_eq!(book["requests"][0]["body"]["password"], "…");
}

#[tokio::test]
async fn basic_works_and_nothing_does_not() {
    let world = World::start(options()).await;
    assert_eq!(world.rm("GET", "v1/specialties", None).await.0, 200);
    let url = format!("{}/api/hcg/v1/specialties", world.sandbox.rm_url());
    let refused = world.http.get(url).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn pages_hold_ten_unless_told_otherwise() {
    let world = World::start(options()).await;
    let (_, first) = world.rm("GET", "v1/specialties", None).await;
    assert_eq!((first["items"].as_array().unwrap().len(), &first["hasNext"]), (10, &json!(true)));
    let (_, second) = world.rm("GET", "v1/specialties?page=2", None).await;
    assert_eq!((second["items"].as_array().unwrap().len(), &second["hasNext"]), (2, &json!(false)));
    let (_, all) = world.rm("GET", "v1/specialties?pageSize=50&order=-description&fields=code", None).await;
    assert_eq!(all["items"][0], json!({ "code": "UROL" }));
    let (_, doctors) = world.rm("GET", "v2/practitioner?companyId=1&pageSize=100", None).await;
    assert_eq!(doctors["items"].as_array().unwrap().len(), 30);
}

#[tokio::test]
async fn nothing_found_is_a_404_with_an_error_body() {
    let world = World::start(options()).await;
    for path in [
        "v2/patients?CPF=00000000191",
        "v2/appointments-wa?ScheduleDate=2031-01-01",
        "v2/appointments/1%7C5",
        "v1/specialties?page=9",
    ] {
        let (status, body) = world.rm("GET", path, None).await;
        assert_eq!(status, 404, "{path}");
        assert!(body["code"].is_string() && body["details"].is_array(), "{path}: {body}");
    }
    let (status, body) = world.rm("GET", "v2/unity", None).await;
    assert_eq!((status, body["message"].as_str()), (400, Some("O campo companyId é obrigatório.")));
    assert_eq!(world.rm("GET", "v2/appointmentAvailables?specialtyId=CARD", None).await.0, 400);
    assert_eq!(world.rm("POST", "v2/appointments-wa", Some(json!({}))).await.0, 405);
}

#[tokio::test]
async fn some_resources_speak_in_capitals() {
    let world = World::start(options()).await;
    let (_, plans) = world.rm("GET", "v1/insurancePlans?insuranceCompanyCode=2", None).await;
    assert_eq!(plans["Items"].as_array().unwrap().len(), 3);
    assert_eq!(plans["HasNext"], false);
    let (_, error) = world.rm("GET", "v1/insurancePlans?insuranceCompanyCode=99", None).await;
    assert!(error["Code"].is_string() && error["Details"][0]["DetailedMessage"].is_string());
    world.control("settings", json!({ "letter_case": "upper" })).await;
    assert!(world.rm("GET", "v1/specialties", None).await.1["Items"].is_array());
}

#[tokio::test]
async fn the_whatsapp_view_has_the_official_typos() {
    let world = World::start(options()).await;
    let (_, body) = world
        .rm("GET", "v2/appointments-wa?companyId=1&ScheduleDate=2026-11-25&CellPhone=%2B5511987654321", None)
        .await;
    let items = body["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "Maria has two appointments tomorrow");
    for name in [
        "AppintmentId",
        "PrectitionerIdName",
        "InsuranceCopanyId",
        "InsuracePlanName",
        "ConventCard",
        "Cpf",
        "SpecialtyName",
    ] {
        assert!(!items[0][name].is_null(), "{name}");
    }
    assert!(items[0].get("AppointmentId").is_none());
    assert_eq!(items[0]["ScheduleDate"], "2026-11-25T00:00:00");
    assert!(items[0]["id"].as_str().unwrap().contains('|'));
}

#[tokio::test]
async fn confirming_and_cancelling_change_what_one_reads() {
    let world = World::start(options()).await;
    let (_, body) = world.rm("GET", "v2/appointments-wa?Cpf=111.444.777-35", None).await;
    let id = body["items"][0]["id"].as_str().unwrap().replace('|', "%7C");
    let (status, changed) =
        world.rm("PUT", &format!("v2/appointments-wa/{id}"), Some(json!({ "status": 2 }))).await;
    assert_eq!((status, &changed["Status"]), (200, &json!(2)));
    assert_eq!(world.rm("GET", &format!("v2/appointments/{id}"), None).await.1["Status"], 2);
    assert_eq!(world.rm("PUT", &format!("v2/appointments/{id}"), Some(json!({ "Status": 77 }))).await.0, 400);
    assert_eq!(world.rm("DELETE", &format!("v2/appointments/{id}"), None).await.0, 204);
    assert_eq!(world.rm("GET", &format!("v2/appointments/{id}"), None).await.0, 404);
    let left = world.look("rm/appointments?cpf=11144477735").await;
    assert_eq!(left["appointments"], json!([]));
}

/// A free slot of a specialty, as a booking's body for Ana.
async fn free_slot(world: &World, nth: usize) -> Value {
    let path = "v2/appointmentAvailables?companyId=1&specialtyId=DERM&pageSize=20";
    let (status, body) = world.rm("GET", path, None).await;
    assert_eq!(status, 200);
    let slot = &body["items"][nth];
    json!({
        "CompanyId": 1,
        "ScheduleId": slot["scheduleId"],
        "ScheduleDate": format!("{}T00:00:00", slot["appointmentDate"].as_str().unwrap()),
        "StartTime": slot["appointmentTime"],
        "PatientId": "1|1003",
        "SpecialtyId": "DERM",
        "InsuranceCompanyId": "1|2",
        "InsurancePlanId": "1|2|1",
    })
}

#[tokio::test]
async fn a_slot_is_booked_once_and_the_conflict_has_three_forms() {
    let world = World::start(options()).await;
    let slot = free_slot(&world, 0).await;
    let (status, booked) = world.rm("POST", "v2/appointments", Some(slot.clone())).await;
    assert_eq!(
        (status, &booked["Status"], &booked["PatientName"]),
        (201, &json!(1), &json!("Ana Beatriz Lima"))
    );
    assert_ne!(free_slot(&world, 0).await, slot, "the slot is gone from the list");
    for (form, expected) in [("409", 409), ("400", 400), ("500", 500)] {
        world.control("settings", json!({ "conflict_form": form })).await;
        let (status, body) = world.rm("POST", "v2/appointments", Some(slot.clone())).await;
        assert_eq!((status, body["code"].as_str()), (expected, Some("RMSHCG0042")));
    }
    let id = booked["id"].as_str().unwrap().replace('|', "%7C");
    assert_eq!(world.rm("DELETE", &format!("v2/appointments/{id}"), None).await.0, 204);
    assert_eq!(world.rm("POST", "v2/appointments", Some(slot.clone())).await.0, 201);
    let mut late = slot;
    late["ScheduleDate"] = json!("2026-11-20T00:00:00");
    assert_eq!(world.rm("POST", "v2/appointments", Some(late)).await.0, 400);
}

#[tokio::test]
async fn a_conflict_on_demand_gives_the_slot_to_somebody_else() {
    let world = World::start(options()).await;
    world.control("faults", json!([{ "target": "rm", "times": 1, "fault": { "conflict": "400" } }])).await;
    let slot = free_slot(&world, 0).await;
    assert_eq!(world.rm("POST", "v2/appointments", Some(slot.clone())).await.0, 400);
    assert_eq!(world.rm("POST", "v2/appointments", Some(slot)).await.0, 409, "it is really taken");
    assert_eq!(world.look("rm/appointments?patient=1%7C1003").await["appointments"], json!([]));
}

#[tokio::test]
async fn a_cut_after_accepting_leaves_the_booking_and_one_before_does_not() {
    let world = World::start(options()).await;
    for (fault, kept) in [("cut_before", 0), ("cut_after_accepting", 1)] {
        let slot = free_slot(&world, 3).await;
        let rule = json!({ "target": "rm", "method": "POST", "path": "/api/hcg/v2/appointments", "times": 1, "fault": fault });
        world.control("faults", rule).await;
        let url = format!("{}/api/hcg/v2/appointments", world.sandbox.rm_url());
        let options = Options::default();
        let sent = world
            .http
            .post(url)
            .basic_auth(options.rm_user, Some(options.rm_password))
            .json(&slot)
            .send()
            .await;
        let error = sent.expect_err("the connection is cut");
        assert!(!error.is_connect() && !error.is_timeout(), "{error:?}");
        let held = world.look("rm/appointments?patient=1%7C1003").await;
        assert_eq!(held["appointments"].as_array().unwrap().len(), kept, "{fault}");
    }
    let book = world.look("requests?path=/api/hcg/v2/appointments&method=POST").await;
    assert_eq!(book["requests"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&book["requests"][1]["status"], &book["requests"][1]["fault"]),
        (&Value::Null, &json!("cut_after_accepting"))
    );
}

#[tokio::test]
async fn faults_answer_in_rms_place() {
    let world = World::start(options()).await;
    world
        .control(
            "faults",
            json!([
                { "target": "rm", "times": 1, "fault": { "status": 503, "body": { "code": "X" }, "headers": { "retry-after": "7" } } },
                { "target": "rm", "times": 1, "fault": "html" },
            ]),
        )
        .await;
    assert_eq!(world.rm("GET", "v1/specialties", None).await, (503, json!({ "code": "X" })));
    assert_eq!(world.rm("GET", "v1/specialties", None).await, (502, Value::Null));
    assert_eq!(world.rm("GET", "v1/specialties", None).await.0, 200);
}

#[tokio::test]
async fn patients_are_found_registered_and_changed() {
    let world = World::start(options()).await;
    let (_, found) = world.rm("GET", "v2/patients?CPF=52998224725&BirthDate=1968-04-12", None).await;
    assert_eq!(found["items"][0]["PatientName"], "Maria Aparecida de Souza");
    assert_eq!(world.rm("GET", "v2/patients?CPF=52998224725&BirthDate=1968-04-13", None).await.0, 404);
    let new = json!({ "CompanyId": 1, "PatientName": "Rui Prado", "CPF": "390.533.447-05", "BirthDate": "1990-05-01", "CellPhone": "11911112222" });
    let (status, created) = world.rm("POST", "v2/patients", Some(new.clone())).await;
    assert_eq!((status, created["CPF"].as_str()), (201, Some("39053344705")));
    assert_eq!(world.rm("POST", "v2/patients", Some(new.clone())).await.0, 409);
    let mut wrong = new;
    wrong["CPF"] = json!("39053344706");
    assert_eq!(world.rm("POST", "v2/patients", Some(wrong)).await.0, 400);
    let id = created["id"].as_str().unwrap().replace('|', "%7C");
    let (_, changed) =
        world.rm("PUT", &format!("v2/patients/{id}"), Some(json!({ "Email": "rui@example.com" }))).await;
    assert_eq!(
        (changed["Email"].as_str(), changed["PatientName"].as_str()),
        (Some("rui@example.com"), Some("Rui Prado"))
    );
}

#[tokio::test]
async fn free_slots_honour_insurer_unit_and_dates() {
    let world = World::start(options()).await;
    let base = "v2/appointmentAvailables?companyId=1&specialtyId=CARD&pageSize=1000";
    let (_, all) = world.rm("GET", base, None).await;
    let count = |body: &Value| body["items"].as_array().map_or(0, Vec::len);
    let (_, day) = world.rm("GET", &format!("{base}&startDate=2026-11-25&endDate=2026-11-25"), None).await;
    assert!(count(&day) > 0 && count(&day) < count(&all));
    assert!(day["items"].as_array().unwrap().iter().all(|slot| slot["appointmentDate"] == "2026-11-25"));
    let (_, unit) = world.rm("GET", &format!("{base}&unitId=1%7C3"), None).await;
    assert!(count(&unit) > 0 && unit["items"].as_array().unwrap().iter().all(|slot| slot["unitId"] == "1|3"));
    let (_, insured) = world.rm("GET", &format!("{base}&insuranceCompanyId=1%7C2"), None).await;
    assert!(count(&insured) > 0);
    assert_eq!(world.rm("GET", &format!("{base}&insuranceCompanyId=1%7C99"), None).await.0, 404);
    assert_eq!(
        world.rm("GET", &format!("{base}&startDate=2026-12-25&endDate=2026-12-25"), None).await.0,
        404
    );
    assert_eq!(world.rm("GET", &format!("{base}&startDate=amanha"), None).await.0, 400);
}
