//! What the store's errors say to operators, and what they are to do.

use fluxo_engine::check::Language;

use super::{StoreError, Trouble};

impl StoreError {
    /// In words for the operator: what is wrong, and what to do.
    pub fn told(&self, language: Language) -> String {
        match language {
            Language::English => self.to_string(),
            Language::Portuguese => self.in_portuguese(),
        }
    }

    fn in_portuguese(&self) -> String {
        match self {
            Self::Conflict => "a conversa mudou ao mesmo tempo, tente de novo".to_owned(),
            Self::Fenced => "outro trabalhador já cuida dessa conversa, tente de novo".to_owned(),
            Self::TooLarge { what, size, cap } => {
                format!("um valor ({what}) tem {size} bytes e o limite é {cap}")
            }
            Self::Damaged(detail) => format!(
                "um registro guardado está danificado ({detail}): rode `fluxo store check`, que diz o que ele atinge"
            ),
            Self::Broken { directory, detail } => format!(
                "os dados em {directory} estão danificados ({detail}): pare o serviço, mova a pasta para o lado e \
                 guarde-a, crie outra com `fluxo restore ARQUIVO` a partir do último backup e inicie de novo"
            ),
            Self::Newer { directory, found, known } => format!(
                "os dados em {directory} têm o formato {found} e esta versão do fluxo conhece até o {known}: use a \
                 versão que os gravou, ou uma mais nova"
            ),
            Self::Busy => {
                "escreveu-se mais nesse meio tempo do que coube separar: tente de novo em hora mais calma"
                    .to_owned()
            }
            Self::Disk { trouble, detail } => format!(
                "{} ({detail}): {}; o que foi confirmado estará lá quando ele voltar",
                trouble.in_portuguese(),
                trouble.remedy_in_portuguese()
            ),
            Self::InUse(directory) => format!("os dados em {directory} estão em uso por outro processo"),
            Self::Down(reason) => format!(
                "o armazenamento parou ({reason}): inicie o serviço de novo; se repetir, rode `fluxo store check`"
            ),
        }
    }
}

impl Trouble {
    fn in_portuguese(self) -> &'static str {
        match self {
            Self::Full => "o disco dos dados está cheio",
            Self::ReadOnly => "o disco dos dados só aceita leitura",
            Self::Denied => "este usuário não pode gravar nos arquivos dos dados",
            Self::Hangs => "o disco dos dados não responde",
            Self::Failing => "o disco dos dados recusou",
        }
    }

    fn remedy_in_portuguese(self) -> &'static str {
        match self {
            Self::Full => "libere espaço e inicie de novo",
            Self::ReadOnly => "veja no registro do sistema por quê, monte-o para gravação e inicie de novo",
            Self::Denied => "dê a pasta ao usuário que roda o serviço e inicie de novo",
            Self::Hangs => "verifique o disco ou o armazenamento por trás dele e inicie de novo",
            Self::Failing => "veja o registro do sistema e o estado do disco, e inicie de novo",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_whole_store_says_what_to_do_in_both_languages() {
        let directory = "/var/lib/fluxo".to_owned();
        let disk = |trouble| StoreError::Disk { trouble, detail: "could not sync".to_owned() };
        let errors = [
            StoreError::Broken { directory: directory.clone(), detail: "a file ends too early".to_owned() },
            StoreError::Newer { directory, found: 9, known: 2 },
            disk(Trouble::Full),
            disk(Trouble::ReadOnly),
            disk(Trouble::Denied),
            disk(Trouble::Hangs),
            disk(Trouble::Failing),
        ];
        for error in errors {
            let (portuguese, english) = (error.told(Language::Portuguese), error.told(Language::English));
            assert_ne!(portuguese, english);
            assert!(english.contains(": ") && portuguese.contains(": "), "{english} {portuguese}");
            assert!(!portuguese.ends_with('.') && !english.ends_with('.'));
        }
    }
}
