//! The service against the sandbox, which was written from the contracts and shares no type with it.

use fluxo_engine::protocol::{HttpOutcome, HttpRequest, Method};

use super::*;

fn reading(sandbox: &fluxo_sandbox::Sandbox, folder: &Path) -> Reading {
    // The sandbox's own defaults; it shares no constant with us.
    let variables = Environment::default().with([
        ("RM_USER", "fluxo"),
        ("RM_PASSWORD", "rm-password-for-tests"),
        ("WHATSAPP_ACCESS_TOKEN", "access-token-for-tests"),
        ("WHATSAPP_APP_SECRET", "app-secret-for-tests"),
        ("WHATSAPP_VERIFY_TOKEN", "verify-token-for-tests"),
        ("FLUXO_API_TOKEN", TOKEN),
    ]);
    let overrides = Overrides::none()
        .set("connections.rm.base_url", sandbox.rm_url())
        .set("channels.whatsapp.base_url", format!("{}/v26.0", sandbox.graph_url()))
        .set("store.path", folder.join("store").display().to_string());
    Reading { environment: None, variables, overrides }
}

fn get(path: &str, query: &[(&str, &str)]) -> HttpRequest {
    HttpRequest {
        connection: "rm".into(),
        method: Method::Get,
        path: path.to_owned(),
        query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        headers: Vec::new(),
        body: None,
        timeout_ms: 10_000,
        retry: None,
        idempotency_key: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_writes_from_the_phone_and_reads_the_answer_there() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = fluxo_sandbox::start(fluxo_sandbox::Options::default()).await.unwrap();
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows/fluxo.toml");
    std::fs::write(folder.path().join("menu.json"), FLOW).unwrap();
    let text = std::fs::read_to_string(project).unwrap();
    let config =
        Config::parse(&folder.path().join("fluxo.toml"), text, reading(&sandbox, folder.path())).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let service = Service::start(config, Box::new(FlowReader), listener).await.unwrap();
    sandbox.set_service(&service.url());

    let phone =
        Caller { http: HttpClient::new(Duration::from_secs(2)).unwrap(), base: sandbox.url().to_owned() };
    let (status, check) = phone.post("/control/verify", json!({})).await;
    assert_eq!((status, &check["ok"]), (200, &json!(true)), "{check}");
    let (status, said) = phone.post("/control/phones/5511987654321/say", json!({ "text": "oi" })).await;
    assert_eq!((status, &said["deliveries"][0]["status"]), (200, &json!(200)), "{said}");
    let path = "/control/phones/5511987654321/transcript?from=service&count=1&wait_ms=10000";
    let (_, transcript) = phone.get(path).await;
    assert!(transcript.to_string().contains("Qual é o seu nome?"), "{transcript}");
    assert!(service.stop().await);
    sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rm_is_entered_and_its_names_are_read_as_flows_write_them() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = fluxo_sandbox::start(fluxo_sandbox::Options::default()).await.unwrap();
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows/fluxo.toml");
    let text = std::fs::read_to_string(&project).unwrap();
    let config = Config::parse(&project, text, reading(&sandbox, folder.path())).unwrap();
    let connections = Connections::new(&config, HttpClient::new(CONNECT).unwrap()).unwrap();
    let key = "1:s:1:0".parse().unwrap();
    let free = get("/api/hcg/v2/appointmentAvailables", &[("companyId", "1"), ("pageSize", "5")]);
    let patients = get("/api/hcg/v2/patients", &[("pageSize", "5")]);
    let specialties = get("/api/hcg/v1/specialties", &[("pageSize", "5")]);
    for (request, names) in [
        (
            free,
            &["companyId", "practitionerId", "scheduleId", "appointmentDate", "appointmentTime", "unitName"]
                [..],
        ),
        (patients, &["id", "PatientName", "BirthDate", "CPF"][..]),
        (specialties, &["code", "description"][..]),
    ] {
        let HttpOutcome::Response(response) = connections.call(&request, &key).await else { panic!() };
        assert_eq!((response.status, response.error), (200, None), "{}", request.path);
        let items = response.body["items"].as_array().unwrap();
        assert!(!items.is_empty() && response.body["hasNext"].is_boolean(), "{}", request.path);
        for name in names {
            assert!(items.iter().all(|item| item.get(name).is_some()), "{} {name}", request.path);
        }
    }
    let missing = get("/api/hcg/v2/appointments/nada", &[]);
    let HttpOutcome::Response(response) = connections.call(&missing, &key).await else { panic!() };
    assert_eq!(response.status, 404);
    assert!(response.body["code"].is_string() && response.body["message"].is_string(), "{}", response.body);
    sandbox.shutdown().await;
}
