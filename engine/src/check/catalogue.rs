//! Every diagnostic there is: its code, stable for ever, how grave it is, and what it is about.
//!
//! A new one is an entry here, one function in its family's file, one line in the list of checks, and an example
//! under `examples/<code>/` with a near miss beside it.

use std::fmt;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// For information.
    Info,
    /// Should be looked at; does not keep flows from being published.
    Warning,
    /// Keeps flows from being published.
    Error,
}

macro_rules! catalogue {
    ($($code:ident $severity:ident $pt:literal $en:literal;)*) => {
        /// A diagnostic's code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $en] $code,)* }

        impl Code {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// As it is printed.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)* }
            }

            /// How grave, unless the finding itself says otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)* }
            }

            /// What it is about, in Portuguese.
            pub fn title_pt(self) -> &'static str {
                match self { $(Self::$code => $pt,)* }
            }

            /// What it is about, in English.
            pub fn title_en(self) -> &'static str {
                match self { $(Self::$code => $en,)* }
            }
        }
    };
}

catalogue! {
    // Reading and format.
    F001 Error "JSON inválido" "invalid JSON";
    F002 Error "chave repetida" "repeated key";
    F003 Warning "codificação do arquivo" "file encoding";
    F004 Error "campo desconhecido" "unknown field";
    F005 Error "campo obrigatório ausente" "missing field";
    F006 Error "tipo errado" "wrong type";
    F007 Error "valor fora da lista" "value not in the list";
    F008 Error "fora do padrão ou do limite" "outside the pattern or limit";
    F009 Error "versão de formato" "format version";
    F010 Error "grande ou aninhado demais" "too large or too deep";
    F012 Error "campos que não combinam" "fields that do not go together";
    // Graph.
    F101 Error "destino inexistente" "target does not exist";
    F103 Error "sem início" "no start";
    F104 Error "dois fluxos padrão" "two default flows";
    F105 Warning "nó inalcançável" "unreachable node";
    F106 Error "saída obrigatória ausente" "required way out is missing";
    F108 Error "laço sem espera" "loop without a wait";
    F113 Error "decisão incompleta" "incomplete decision";
    F116 Error "fila ou mesa inexistente" "queue or desk does not exist";
    F117 Error "fluxo inexistente" "flow does not exist";
    F123 Error "palavra em dois fluxos" "keyword of two flows";
    F124 Warning "menu pode ficar vazio" "menu may be empty";
    F125 Error "fluxo repetido" "flow defined twice";
    F126 Error "entradas do outro fluxo" "inputs of the other flow";
    F128 Warning "resultado que nunca vem" "outcome that never comes";
    // Variables and templates.
    F201 Error "sintaxe do modelo" "template syntax";
    F202 Error "filtro desconhecido" "unknown filter";
    F203 Error "teste ou função desconhecida" "unknown test or function";
    F204 Error "argumentos do filtro" "arguments of a filter";
    F205 Error "variável nunca definida" "variable never defined";
    F212 Error "recurso proibido" "forbidden feature";
    F216 Warning "variável sem chaves" "variable without braces";
    // Calls.
    F401 Error "sem ramo de erro" "no way out for errors";
    F412 Error "sem saída para dúvida" "no way out for doubt";
    F413 Error "conexão inexistente" "connection does not exist";
}

impl Code {
    /// Whether a node may keep it, with a reason (`"allow": { "F108": "…" }`): what can be played all the same.
    pub fn may_be_allowed(self) -> bool {
        match self {
            Self::F003 | Self::F105 | Self::F108 | Self::F124 | Self::F128 | Self::F216 => true,
            Self::F001
            | Self::F002
            | Self::F004
            | Self::F005
            | Self::F006
            | Self::F007
            | Self::F008
            | Self::F009
            | Self::F010
            | Self::F012
            | Self::F101
            | Self::F103
            | Self::F104
            | Self::F106
            | Self::F113
            | Self::F116
            | Self::F117
            | Self::F123
            | Self::F125
            | Self::F126
            | Self::F201
            | Self::F202
            | Self::F203
            | Self::F204
            | Self::F205
            | Self::F212
            | Self::F401
            | Self::F412
            | Self::F413 => false,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
