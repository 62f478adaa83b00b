//! The approved templates, and how a send of one is checked and filled (whatsapp-cloud.md §7).

use std::sync::Mutex;

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::GraphError;
use crate::phone::entry::{Choice, Media};

/// A template as WhatsApp Manager keeps it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    pub(crate) name: String,
    #[serde(default = "pt_br")]
    pub(crate) language: String,
    /// `UTILITY`, `MARKETING` or `AUTHENTICATION`.
    #[serde(default = "utility")]
    pub(crate) category: String,
    #[serde(default = "approved")]
    pub(crate) status: String,
    /// A text, or `IMAGE`, `VIDEO`, `DOCUMENT`.
    #[serde(default)]
    pub(crate) header: Option<String>,
    /// With `{{1}}` or `{{name}}`.
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) footer: Option<String>,
    #[serde(default)]
    pub(crate) buttons: Vec<TemplateButton>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateButton {
    pub(crate) text: String,
    /// Of a link; may end in `{{1}}`. Without one the button is a quick reply.
    #[serde(default)]
    pub(crate) url: Option<String>,
}

fn pt_br() -> String {
    "pt_BR".into()
}
fn utility() -> String {
    "UTILITY".into()
}
fn approved() -> String {
    "APPROVED".into()
}

/// What the phone shows.
pub(crate) struct Filled {
    pub(crate) header: Option<String>,
    pub(crate) media: Option<Media>,
    pub(crate) text: String,
    pub(crate) footer: Option<String>,
    pub(crate) buttons: Vec<Choice>,
    pub(crate) category: String,
}

pub(crate) struct TemplateList(Mutex<Vec<Template>>);

impl Default for TemplateList {
    fn default() -> Self {
        Self(Mutex::new(shipped()))
    }
}

/// The templates of the demo's hospital.
fn shipped() -> Vec<Template> {
    let answers = ["Sim, confirmar", "Não, cancelar", "Falar com atendente"];
    let quick = |texts: &[&str]| {
        texts.iter().map(|text| TemplateButton { text: (*text).into(), url: None }).collect()
    };
    let template = |name: &str, body: &str, buttons| Template {
        name: name.into(),
        language: pt_br(),
        category: utility(),
        status: approved(),
        header: None,
        body: body.into(),
        footer: Some("Hospital Santa Clara".into()),
        buttons,
    };
    let mut paused = template("pesquisa_antiga", "Olá, {{1}}! Conte como foi o seu atendimento.", Vec::new());
    paused.status = "PAUSED".into();
    let mut rejected = template("promocao_recusada", "Olá, {{1}}! Aproveite o nosso check-up.", Vec::new());
    rejected.status = "REJECTED".into();
    vec![
        template(
            "confirmacao_consulta",
            "Olá, {{1}}! Você tem consulta marcada no *Hospital Santa Clara* no dia *{{2}}*. Podemos confirmar a sua presença?",
            quick(&answers),
        ),
        template(
            "lembrete_consulta",
            "Olá, {{1}}! Passando para lembrar da sua consulta no dia *{{2}}*. Você vem?",
            quick(&answers),
        ),
        template(
            "confirmacao_lembrete",
            "Ainda não recebemos a sua resposta sobre a consulta. Você vem? Toque em um dos botões.",
            quick(&answers),
        ),
        template(
            "retomar_conversa",
            "Olá, {{1}}! A equipe do Hospital Santa Clara tem uma resposta para você. Podemos continuar a conversa?",
            quick(&["Continuar"]),
        ),
        template(
            "resultado_de_exame",
            "Olá, {{paciente}}! O resultado do seu exame de {{exame}} já está disponível no portal.",
            vec![TemplateButton {
                text: "Ver resultado".into(),
                url: Some("https://portal.example.com/exames/{{1}}".into()),
            }],
        ),
        paused,
        rejected,
    ]
}

impl TemplateList {
    pub(crate) fn reset(&self) {
        *self.0.lock().expect("no holder panics") = shipped();
    }

    /// Adds a template, or replaces the one of that name and language.
    pub(crate) fn put(&self, template: Template) {
        let mut list = self.0.lock().expect("no holder panics");
        list.retain(|one| (&one.name, &one.language) != (&template.name, &template.language));
        list.push(template);
    }

    /// As `GET message_templates` lists them.
    pub(crate) fn list(&self) -> Vec<Value> {
        self.0.lock().expect("no holder panics").iter().enumerate().map(|(at, one)| listed(at, one)).collect()
    }

    /// Checks a send and fills the template in.
    pub(crate) fn fill(&self, sent: &Value) -> Result<Filled, GraphError> {
        let name = sent["name"].as_str().ok_or_else(|| GraphError::missing("template['name']"))?;
        let language = sent["language"]["code"]
            .as_str()
            .ok_or_else(|| GraphError::missing("template['language']['code']"))?;
        let list = self.0.lock().expect("no holder panics");
        let found = list.iter().find(|one| one.name == name && one.language == language);
        let template = match found {
            Some(template) if template.status == "APPROVED" => template.clone(),
            Some(template) if template.status == "PAUSED" => {
                return Err(GraphError::new(400, 132_015, "Template is Paused")
                    .details(format!("template name ({name}) is paused due to low quality")));
            }
            Some(template) if template.status == "DISABLED" => {
                return Err(GraphError::new(400, 132_016, "Template is Disabled"));
            }
            Some(_) | None => {
                return Err(GraphError::new(404, 132_001, "Template name does not exist in the translation")
                    .details(format!("template name ({name}) does not exist in {language}")));
            }
        };
        drop(list);
        let empty = Vec::new();
        let components = sent["components"].as_array().unwrap_or(&empty);
        fill(&template, components)
    }
}

fn listed(at: usize, template: &Template) -> Value {
    let mut components = Vec::new();
    if let Some(header) = &template.header {
        components.push(match header.as_str() {
            "IMAGE" | "VIDEO" | "DOCUMENT" => json!({ "type": "HEADER", "format": header }),
            text => json!({ "type": "HEADER", "format": "TEXT", "text": text }),
        });
    }
    components.push(json!({ "type": "BODY", "text": template.body }));
    if let Some(footer) = &template.footer {
        components.push(json!({ "type": "FOOTER", "text": footer }));
    }
    if !template.buttons.is_empty() {
        let buttons: Vec<Value> = template
            .buttons
            .iter()
            .map(|button| match &button.url {
                Some(url) => json!({ "type": "URL", "text": button.text, "url": url }),
                None => json!({ "type": "QUICK_REPLY", "text": button.text }),
            })
            .collect();
        components.push(json!({ "type": "BUTTONS", "buttons": buttons }));
    }
    json!({
        "name": template.name,
        "language": template.language,
        "status": template.status,
        "category": template.category,
        "components": components,
        "quality_score": { "score": "GREEN" },
        "rejected_reason": if template.status == "REJECTED" { "INVALID_FORMAT" } else { "NONE" },
        "id": (594_425_479_261_596_i64 + at as i64).to_string(),
    })
}

fn fill(template: &Template, components: &[Value]) -> Result<Filled, GraphError> {
    let of = |kind: &str| {
        components.iter().find(|one| one["type"].as_str().is_some_and(|t| t.eq_ignore_ascii_case(kind)))
    };
    let body = parameters(of("body"));
    let text = fill_text(&template.body, &body, "body")?;
    let mut media = None;
    let mut header = None;
    match template.header.as_deref() {
        Some(format @ ("IMAGE" | "VIDEO" | "DOCUMENT")) => {
            let kind = format.to_lowercase();
            let given = parameters(of("header"));
            let object =
                given.first().map(|parameter| &parameter[kind.as_str()]).filter(|object| object.is_object());
            let object = object.ok_or_else(|| {
                GraphError::new(
                    400,
                    132_012,
                    "Parameter format does not match format in the created template",
                )
                .details(format!("header: Format mismatch, expected {format}, received UNKNOWN"))
            })?;
            media = Some(super::media::shown(&kind, object));
        }
        Some(text) => header = Some(fill_text(text, &parameters(of("header")), "header")?),
        None => {}
    }
    let mut buttons = Vec::new();
    for (at, button) in template.buttons.iter().enumerate() {
        let given = components.iter().find(|one| {
            one["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("button"))
                && index(one) == Some(at)
        });
        let parameter = given.and_then(|one| one["parameters"].as_array()).and_then(|list| list.first());
        let wanted = if button.url.is_some() { "url" } else { "quick_reply" };
        if let Some(given) = given
            && !given["sub_type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case(wanted))
        {
            return Err(GraphError::new(
                400,
                132_012,
                "Parameter format does not match format in the created template",
            )
            .details(format!("buttons: button at index {at} expects sub_type {wanted}")));
        }
        buttons.push(match &button.url {
            None => {
                let payload = parameter.and_then(|one| one["payload"].as_str()).unwrap_or(&button.text);
                Choice { id: payload.into(), title: button.text.clone(), ..Choice::default() }
            }
            Some(url) => {
                let suffix = parameter.and_then(|one| one["text"].as_str());
                if url.contains("{{") && suffix.is_none() {
                    return Err(GraphError::new(400, 131_008, "Required parameter is missing")
                        .details(format!("buttons: Button at index {at} of type Url requires a parameter")));
                }
                let url = url.replace("{{1}}", suffix.unwrap_or_default());
                Choice { title: button.text.clone(), url: Some(url), ..Choice::default() }
            }
        });
    }
    let past_end = components
        .iter()
        .filter(|one| one["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("button")));
    if let Some(wrong) = past_end.filter_map(index).find(|at| *at >= template.buttons.len()) {
        return Err(GraphError::new(400, 132_018, "There's an issue with the parameters in your template")
            .details(format!("buttons: there is no button at index {wrong}")));
    }
    Ok(Filled {
        header,
        media,
        text,
        footer: template.footer.clone(),
        buttons,
        category: template.category.to_lowercase(),
    })
}

/// `index` is a string in the contract; numbers are seen too.
fn index(component: &Value) -> Option<usize> {
    match &component["index"] {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64().and_then(|at| usize::try_from(at).ok()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn parameters(component: Option<&Value>) -> Vec<Value> {
    component.and_then(|one| one["parameters"].as_array()).cloned().unwrap_or_default()
}

/// Puts the parameters into a text's holes; their number must be right.
fn fill_text(text: &str, given: &[Value], place: &str) -> Result<String, GraphError> {
    let names = holes(text);
    if names.len() != given.len() {
        return Err(GraphError::new(
            400,
            132_000,
            "Number of parameters does not match the expected number of params",
        )
        .details(format!(
            "{place}: number of localizable_params ({}) does not match the expected number of params ({})",
            given.len(),
            names.len()
        )));
    }
    let named = names.iter().any(|name| name.parse::<usize>().is_err());
    let mut filled = text.to_owned();
    for (at, name) in names.iter().enumerate() {
        let parameter = if named {
            given.iter().find(|one| one["parameter_name"].as_str() == Some(name)).ok_or_else(|| {
                GraphError::new(400, 132_018, "There's an issue with the parameters in your template")
                    .details(format!("{place}: Parameter name is missing or empty: {name}"))
            })?
        } else {
            &given[at]
        };
        let value = value_of(parameter, place)?;
        filled = filled.replace(&format!("{{{{{name}}}}}"), &value);
    }
    Ok(filled)
}

fn value_of(parameter: &Value, place: &str) -> Result<String, GraphError> {
    let kind = parameter["type"].as_str().unwrap_or("text");
    let value = match kind {
        "text" => parameter["text"].as_str(),
        "currency" | "date_time" => parameter[kind]["fallback_value"].as_str(),
        _ => None,
    };
    let value = value.ok_or_else(|| {
        GraphError::new(400, 132_012, "Parameter format does not match format in the created template")
            .details(format!("{place}: Format mismatch, expected TEXT, received {}", kind.to_uppercase()))
    })?;
    if value.is_empty() || value.contains(['\n', '\t']) || value.contains("    ") {
        return Err(GraphError::new(400, 132_018, "There's an issue with the parameters in your template")
            .details(format!("{place}: Param text cannot be empty, have new-line/tab characters or more than 4 consecutive spaces")));
    }
    Ok(value.to_owned())
}

/// The names between double braces, each once, in order.
fn holes(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else { break };
        let name = rest[start + 2..start + length].to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
        rest = &rest[start + length + 2..];
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(name: &str, components: Value) -> Result<Filled, GraphError> {
        TemplateList::default()
            .fill(&json!({ "name": name, "language": { "code": "pt_BR" }, "components": components }))
    }

    fn text(value: &str) -> Value {
        json!({ "type": "text", "text": value })
    }

    #[test]
    fn fills_the_body_and_the_payloads() {
        let filled = send(
            "confirmacao_consulta",
            json!([
                { "type": "body", "parameters": [text("Ana"), text("22/11")] },
                { "type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{ "type": "payload", "payload": "P1" }] },
            ]),
        )
        .unwrap();
        assert!(filled.text.starts_with("Olá, Ana!") && filled.text.contains("*22/11*"));
        let ids: Vec<_> = filled.buttons.iter().map(|button| button.id.as_str()).collect();
        assert_eq!(ids, ["P1", "Não, cancelar", "Falar com atendente"]);
    }

    #[test]
    fn named_parameters_and_links() {
        let named =
            |name: &str, value: &str| json!({ "type": "text", "parameter_name": name, "text": value });
        let body =
            json!({ "type": "body", "parameters": [named("exame", "sangue"), named("paciente", "Ana")] });
        let link = json!({ "type": "button", "sub_type": "url", "index": 0, "parameters": [text("77")] });
        let filled = send("resultado_de_exame", json!([body, link])).unwrap();
        assert!(filled.text.starts_with("Olá, Ana! O resultado do seu exame de sangue"));
        assert_eq!(filled.buttons[0].url.as_deref(), Some("https://portal.example.com/exames/77"));
        assert_eq!(send("resultado_de_exame", json!([body])).err().unwrap().code, 131_008);
    }

    #[test]
    fn refuses_what_meta_refuses() {
        let code = |name: &str, components: Value| send(name, components).err().unwrap().code;
        let body = |parameters: Value| json!([{ "type": "body", "parameters": parameters }]);
        assert_eq!(code("nao_existe", json!([])), 132_001);
        assert_eq!(code("promocao_recusada", body(json!([text("Ana")]))), 132_001);
        assert_eq!(code("pesquisa_antiga", body(json!([text("Ana")]))), 132_015);
        assert_eq!(code("lembrete_consulta", body(json!([text("Ana")]))), 132_000);
        assert_eq!(code("lembrete_consulta", body(json!([text("Ana"), { "type": "image" }]))), 132_012);
        assert_eq!(code("lembrete_consulta", body(json!([text("Ana"), text("a\nb")]))), 132_018);
    }
}
