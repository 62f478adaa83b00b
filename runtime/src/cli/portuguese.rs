//! What the argument parser says, in Portuguese: it knows English only. Styles and columns stay as they are.

use clap::error::ErrorKind;

/// English, Portuguese. Longer ones first where one holds another.
const WORDS: &[(&str, &str)] = &[
    // help
    ("Usage:", "Uso:"),
    ("Arguments:", "Argumentos:"),
    ("Options:", "Opções:"),
    ("Commands:", "Comandos:"),
    ("[OPTIONS]", "[OPÇÕES]"),
    ("<COMMAND>", "<COMANDO>"),
    ("[COMMAND]", "[COMANDO]"),
    ("Print this message or the help of the given subcommand(s)", "Mostra esta ajuda, ou a de um comando"),
    ("Print help (see more with '--help')", "Mostra esta ajuda (com mais detalhes: '--help')"),
    ("Print help (see a summary with '-h')", "Mostra esta ajuda (um resumo: '-h')"),
    ("Print help", "Mostra esta ajuda"),
    ("Print version", "Mostra a versão"),
    ("Possible values:", "Valores possíveis:"),
    ("possible values:", "valores possíveis:"),
    ("[default:", "[padrão:"),
    ("[env:", "[variável:"),
    // errors
    ("error:", "erro:"),
    ("tip:", "dica:"),
    ("unrecognized subcommand", "não existe o comando"),
    ("a similar subcommand exists:", "existe um com nome parecido:"),
    ("some similar subcommands exist:", "existem com nome parecido:"),
    ("a similar argument exists:", "existe uma com nome parecido:"),
    ("some similar arguments exist:", "existem com nome parecido:"),
    ("a similar value exists:", "existe um parecido:"),
    ("some similar values exist:", "existem parecidos:"),
    ("unexpected argument", "argumento a mais:"),
    ("the following required arguments were not provided:", "falta dizer:"),
    ("cannot be used multiple times", "só pode aparecer uma vez"),
    ("cannot be used with", "não pode ser usado junto com"),
    ("a value is required for", "falta o valor de"),
    ("but none was supplied", ""),
    ("invalid value", "não serve o valor"),
    ("is not in", "não está em"),
    ("the argument", "o argumento"),
    ("to pass", "para passar"),
    ("as a value, use", "como valor, escreva"),
    ("For more information, try", "Para saber mais:"),
];

/// What a failed parse, or a question for help, is answered with.
pub(super) fn said(error: &clap::Error, colours: bool) -> String {
    let rendered = error.render();
    let english = if colours { rendered.ansi().to_string() } else { rendered.to_string() };
    let mut text =
        WORDS.iter().fold(english, |text, (english, portuguese)| text.replace(english, portuguese));
    // Words too short to be replaced wherever they stand.
    if error.kind() == ErrorKind::UnknownArgument {
        text = text.replace(" found\n", "\n");
    } else if matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) {
        text = text.replace(" for '", " para '");
    }
    text
}
