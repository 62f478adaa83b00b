//! Paths that are written out (`agenda.itens[0].id`): what is read from a scope without computing anything.

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::machinery::{Span, ast};

use ast::Expr;

/// One step of a written-out path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// A member of a map.
    Key(String),
    /// An item of a list; negative counts from the end.
    Index(i64),
}

impl std::fmt::Display for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Segment::Key(key) => f.write_str(key),
            Segment::Index(index) => write!(f, "{index}"),
        }
    }
}

/// A path that can be read without evaluating anything.
#[derive(Debug)]
pub(super) struct StaticPath<'a> {
    pub(super) root: &'a str,
    pub(super) segments: Vec<Segment>,
    pub(super) range: Range<usize>,
}

impl StaticPath<'_> {
    /// One spelling for one path: different paths never share it.
    pub(super) fn dotted(&self) -> String {
        let mut text = self.root.to_owned();
        for segment in &self.segments {
            match segment {
                Segment::Key(key) if key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
                    text.push('.');
                    text.push_str(key);
                }
                Segment::Key(key) => text.push_str(&format!("[{key:?}]")),
                Segment::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        text
    }
}

pub(super) fn range(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

/// The path an expression consists of, if it is nothing else.
pub(super) fn static_path<'a>(expr: &Expr<'a>) -> Option<StaticPath<'a>> {
    match expr {
        Expr::Var(v) => Some(StaticPath { root: v.id, segments: Vec::new(), range: range(v.span()) }),
        Expr::GetAttr(g) => {
            let mut path = static_path(&g.expr)?;
            path.segments.push(Segment::Key(g.name.to_owned()));
            path.range.end = range(g.span()).end;
            Some(path)
        }
        Expr::GetItem(g) => {
            let mut path = static_path(&g.expr)?;
            let key = g.subscript_expr.as_const()?;
            path.segments.push(match key.as_str() {
                Some(key) => Segment::Key(key.to_owned()),
                None if key.is_integer() => Segment::Index(key.as_i64()?),
                None => return None,
            });
            path.range.end = range(g.span()).end;
            Some(path)
        }
        Expr::Const(_)
        | Expr::Slice(_)
        | Expr::UnaryOp(_)
        | Expr::BinOp(_)
        | Expr::Compare(_)
        | Expr::IfExpr(_)
        | Expr::Filter(_)
        | Expr::Test(_)
        | Expr::Call(_)
        | Expr::List(_)
        | Expr::Tuple(_)
        | Expr::Map(_) => None,
    }
}

/// The names an assignment target binds.
pub(super) fn bound_names(target: &Expr<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect_names(target, &mut names);
    names
}

fn collect_names(target: &Expr<'_>, names: &mut BTreeSet<String>) {
    if let Expr::Var(v) = target {
        names.insert(v.id.to_owned());
    } else if let Expr::List(l) = target {
        l.items.iter().for_each(|item| collect_names(item, names));
    } else if let Expr::Tuple(t) = target {
        t.items.iter().for_each(|item| collect_names(item, names));
    }
}

/// The function a call names, if it is a plain call.
pub(super) fn call_function_name<'a>(call: &ast::Call<'a>) -> Option<&'a str> {
    if let Expr::Var(v) = &call.expr { Some(v.id) } else { None }
}
