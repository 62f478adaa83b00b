//! What the project file means, and what is said about one that is wrong: the texts are a product.

use std::path::Path;

use secrecy::ExposeSecret;

use super::*;

const WHOLE: &str = r#"[project]
name = "Hospital"
default_queue = "recepcao"

[env]
rm_company = "1"
days = 60

[env.producao]
rm_company = "7"

[connections.rm]
base_url = "http://127.0.0.1:8051/"
headers = { X-Context = "1", X-Api-Key = { env = "RM_KEY" } }

[connections.rm.auth]
kind = "token"
path = "/api/connect/token"
username = { env = "RM_USER" }
password = { env = "RM_PASSWORD" }

[channels.whatsapp]
kind = "whatsapp_cloud"
base_url = "https://graph.facebook.com/v26.0"

[desks.console]
kind = "console"

[queues.recepcao]
title = "Recepção"
desk = "console"

[server]
listen = "127.0.0.1:8080"
api_token = { env = "FLUXO_API_TOKEN" }

[store]
path = "../.fluxo/store"
"#;

fn read(text: &str, reading: Reading) -> Result<Config, String> {
    Config::parse(Path::new("flows/fluxo.toml"), text.to_owned(), reading)
        .map_err(|errors| errors.to_string())
}

fn wrong(from: &str, to: &str) -> String {
    assert!(WHOLE.contains(from), "{from}");
    read(&WHOLE.replacen(from, to, 1), Reading::default()).unwrap_err()
}

#[test]
fn a_project_without_secrets_at_hand_is_read_whole() {
    let config = read(WHOLE, Reading::default()).unwrap();
    assert_eq!(config.env["rm_company"], "1");
    assert_eq!(config.store_path(), Path::new("flows/../.fluxo/store"));
    let rm = &config.connections["rm"];
    assert_eq!(rm.base_url.0, "http://127.0.0.1:8051");
    let play = config.play("2026-11-21T12:00:00Z".parse().unwrap());
    assert_eq!(play.expire_seconds, 86_400);
    assert_eq!(play.queues["recepcao"].as_str(), "console");
    assert_eq!(play.time_zone, "America/Sao_Paulo");
    assert!(play.holidays.contains(&jiff::civil::date(2027, 3, 26)), "good friday of the next year");
    assert!(config.open_queues("2026-12-25T12:00:00Z".parse().unwrap()).contains("recepcao"));
}

#[test]
fn the_project_we_ship_is_read_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows");
    let config = Config::load(&path, Reading::default()).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(config.queues.contains_key("recepcao"));
}

#[test]
fn an_environment_lays_its_values_over_the_common_ones() {
    let named = |name: &str| Reading { environment: Some(name.to_owned()), ..Reading::default() };
    let config = read(WHOLE, named("producao")).unwrap();
    assert_eq!((&config.env["rm_company"], &config.env["days"]), (&"7".into(), &60.into()));
    let variables = Environment::default().with([("FLUXO_ENV", "producao")]);
    let config = read(WHOLE, Reading { variables, ..Reading::default() }).unwrap();
    assert_eq!(config.env["rm_company"], "7");
    assert_eq!(
        read(WHOLE, named("produção")).unwrap_err(),
        "flows/fluxo.toml: erro: `env`: não há ambiente `produção`\n  ajuda: você quis dizer `producao`?"
    );
}

#[test]
fn overrides_stand_in_for_what_the_file_says() {
    let overrides = Overrides::none()
        .set("connections.rm.base_url", "http://127.0.0.1:9")
        .set("server.listen", "127.0.0.1:0")
        .set("store.path", "/tmp/x");
    let config = read(WHOLE, Reading { overrides, ..Reading::default() }).unwrap();
    assert_eq!(config.connections["rm"].base_url.0, "http://127.0.0.1:9");
    assert_eq!(config.server.listen.port(), 0);
    assert_eq!(config.store_path(), Path::new("/tmp/x"));
    let overrides = Overrides::none().set("connections.sap.base_url", "http://127.0.0.1:9");
    assert_eq!(
        read(WHOLE, Reading { overrides, ..Reading::default() }).unwrap_err(),
        "flows/fluxo.toml: erro: `connections.sap.base_url`: não há o que substituir neste projeto"
    );
}

#[test]
fn secrets_come_from_variables_and_files_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rm"), "s3nha\n").unwrap();
    let text = WHOLE.replace("{ env = \"RM_PASSWORD\" }", "{ file = \"rm\" }");
    let variables = Environment::default().with([("RM_USER", "fluxo-user")]);
    let reading = Reading { variables, ..Reading::default() };
    let config = Config::parse(&folder.path().join("fluxo.toml"), text, reading).unwrap();
    let auth = &config.connections["rm"].auth;
    let user = config.secret(auth.username.as_ref().unwrap()).unwrap();
    let password = config.secret(auth.password.as_ref().unwrap()).unwrap();
    assert_eq!((user.expose_secret(), password.expose_secret()), ("fluxo-user", "s3nha"));
    let shown = format!("{config:?} {user:?}");
    assert!(!shown.contains("fluxo-user") && !shown.contains("s3nha"));
}

#[test]
fn a_secret_that_is_nowhere_names_its_key_and_its_variable() {
    let config = read(WHOLE, Reading::default()).unwrap();
    let auth = &config.connections["rm"].auth;
    assert_eq!(
        config.secret(auth.password.as_ref().unwrap()).unwrap_err().to_string(),
        "flows/fluxo.toml:20:12: erro: `connections.rm.auth.password` usa a variável de ambiente `RM_PASSWORD`, \
         que não está definida\n  ajuda: defina `RM_PASSWORD` antes de iniciar o serviço"
    );
    let HeaderText::Secret(key) = &config.connections["rm"].headers["X-Api-Key"] else { panic!() };
    assert_eq!(
        config.secret(key).unwrap_err().to_string().lines().next().unwrap(),
        "flows/fluxo.toml:14:42: erro: `connections.rm.headers.X-Api-Key` usa a variável de ambiente `RM_KEY`, \
         que não está definida"
    );
}

#[test]
fn a_literal_secret_is_an_error_that_does_not_quote_it() {
    assert_eq!(
        wrong("{ env = \"RM_PASSWORD\" }", "\"hunter2\""),
        "flows/fluxo.toml:20:12: erro: `connections.rm.auth.password` é um segredo e está escrito no arquivo\n  \
         ajuda: guarde o valor fora do arquivo e escreva { env = \"CONNECTIONS_RM_AUTH_PASSWORD\" } ou \
         { file = \"/run/secrets/…\" }"
    );
    for literal in [
        "12345678",
        "true",
        "1.5",
        "[\"hunter2\"]",
        "{ env = \"A\", file = \"hunter2\" }",
        "{ value = \"hunter2\" }",
        "2026-01-01",
    ] {
        let said = wrong("{ env = \"FLUXO_API_TOKEN\" }", literal);
        assert!(said.contains("server.api_token"), "{said}");
        assert!(!said.contains("hunter2") && !said.contains("12345678"), "{said}");
    }
    assert_eq!(
        wrong("X-Context = \"1\"", "Authorization = \"Basic aHVudGVyMg\"").lines().next().unwrap(),
        "flows/fluxo.toml:14:29: erro: `connections.rm.headers.Authorization` é um segredo e está escrito no arquivo"
    );
}

#[test]
fn everything_wrong_is_said_at_once_with_its_place_and_what_to_do() {
    let text = WHOLE
        .replace("base_url = \"http", "base_ur = \"http")
        .replace("[desks.console]", "[desk.console]")
        .replace("listen = \"127.0.0.1:8080\"", "listen = 8080")
        .replace("title = \"Recepção\"\n", "");
    assert_eq!(
        read(&text, Reading::default()).unwrap_err(),
        "flows/fluxo.toml:13:1: erro: a chave `base_ur` não existe em `connections.rm`\n  \
         ajuda: você quis dizer `base_url`?\n\
         flows/fluxo.toml:26:2: erro: a seção `desk` não existe\n  ajuda: você quis dizer `desks`?\n\
         flows/fluxo.toml:29:1: erro: falta a chave `title` em `queues.recepcao`\n\
         flows/fluxo.toml:33:10: erro: `server.listen` deve ser um endereço com porta, como \"127.0.0.1:8080\""
    );
}

#[test]
fn each_kind_of_mistake_has_its_own_words() {
    for (from, to, said) in [
        (
            "kind = \"token\"",
            "kind = \"tokem\"",
            "flows/fluxo.toml:17:8: erro: `connections.rm.auth.kind` tem um valor que não existe\n  \
             ajuda: você quis dizer `token`?",
        ),
        (
            "kind = \"console\"",
            "kind = \"zendesk\"",
            "flows/fluxo.toml:27:8: erro: `desks.console.kind` tem um valor que não existe\n  \
             ajuda: use um destes: console",
        ),
        (
            "desk = \"console\"",
            "desk = \"consolle\"",
            "flows/fluxo.toml:31:8: erro: `queues.recepcao.desk`: não há o atendimento `consolle`\n  \
             ajuda: você quis dizer `console`?",
        ),
        (
            "default_queue = \"recepcao\"",
            "default_queue = \"recepção\"",
            "flows/fluxo.toml:3:17: erro: `project.default_queue`: não há a fila `recepção`\n  \
             ajuda: você quis dizer `recepcao`?",
        ),
        (
            "base_url = \"http://127.0.0.1:8051/\"",
            "base_url = \"127.0.0.1:8051\"",
            "flows/fluxo.toml:13:12: erro: `connections.rm.base_url`: escreva um endereço como \
             \"https://rm.hospital.br:8051\", sem usuário e sem `?`",
        ),
        (
            "name = \"Hospital\"",
            "name = 5",
            "flows/fluxo.toml:2:8: erro: `project.name` deve ser um texto entre aspas",
        ),
        (
            "name = \"Hospital\"",
            "name = \"Hospital",
            "flows/fluxo.toml:2:17: erro: isto não é TOML: invalid basic string, expected `\"`",
        ),
        ("days = 60", "days = 60\ndays = 61", "flows/fluxo.toml:8:1: erro: isto não é TOML: duplicate key"),
        ("[store]\npath = \"../.fluxo/store\"\n", "", "flows/fluxo.toml: erro: falta a seção `store`"),
        (
            "kind = \"whatsapp_cloud\"\n",
            "",
            "flows/fluxo.toml:22:11: erro: falta a chave `kind` em `channels.whatsapp`",
        ),
        (
            "desk = \"console\"",
            "desk = \"console\"\nhours = [{ days = [\"mon\"], from = \"8h\", to = \"18:00\" }]",
            "flows/fluxo.toml:32:35: erro: `queues.recepcao.hours.from`: escreva uma hora de \"00:00\" a \"24:00\"",
        ),
    ] {
        assert_eq!(wrong(from, to), said);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let said = Config::load(Path::new("/nowhere/fluxo.toml"), Reading::default()).unwrap_err().to_string();
    assert_eq!(said, "/nowhere/fluxo.toml: erro: o arquivo não pôde ser lido: entity not found");
}
