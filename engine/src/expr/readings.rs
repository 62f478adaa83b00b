//! What a template reads, for the checker: roots, paths, places, and whether absence is expected there.

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, Stmt, UnaryOpKind};

use super::path::{bound_names, call_function_name, static_path};

/// One variable read by a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The name at the top: a variable, `contact`, `response`…
    pub root: String,
    /// The members read from it, as far as they are written out (`agenda.itens[0].id` → `itens`, `0`, `id`).
    pub path: Vec<String>,
    /// The bytes of the source.
    pub range: Range<usize>,
    /// Absence is expected here: tested for (`if x`, `is defined`), or given a `default`.
    pub guarded: bool,
}

/// All readings of a template.
pub(super) fn of_statement(stmt: &Stmt<'_>) -> Vec<Reading> {
    let mut walk = Walk::default();
    walk.stmt(stmt);
    walk.sorted()
}

/// All readings of a bare expression in a condition: testing a variable for its presence guards it.
pub(super) fn of_expression(expr: &Expr<'_>) -> Vec<Reading> {
    let mut walk = Walk::default();
    walk.condition(expr);
    walk.sorted()
}

#[derive(Default)]
struct Walk {
    found: Vec<Reading>,
    locals: Vec<BTreeSet<String>>,
    /// Dotted paths known to be present where the walk stands.
    present: Vec<String>,
}

impl Walk {
    fn sorted(mut self) -> Vec<Reading> {
        self.found.sort_by_key(|reading| (reading.range.start, reading.range.end));
        self.found
    }

    fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|scope| scope.contains(name))
    }

    fn scoped(&mut self, names: BTreeSet<String>, body: impl FnOnce(&mut Self)) {
        self.locals.push(names);
        body(self);
        self.locals.pop();
    }

    fn knowing(&mut self, present: Vec<String>, body: impl FnOnce(&mut Self)) {
        let before = self.present.len();
        self.present.extend(present);
        body(self);
        self.present.truncate(before);
    }

    fn declare(&mut self, names: BTreeSet<String>) {
        match self.locals.last_mut() {
            Some(scope) => scope.extend(names),
            None => self.locals.push(names),
        }
    }

    fn body(&mut self, stmts: &[Stmt<'_>]) {
        for stmt in stmts {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt<'_>) {
        match stmt {
            Stmt::Template(t) => self.scoped(BTreeSet::new(), |w| w.body(&t.children)),
            Stmt::EmitExpr(e) => self.expr(&e.expr, false),
            Stmt::EmitRaw(_) => {}
            Stmt::ForLoop(l) => {
                self.expr(&l.iter, false);
                let mut names = bound_names(&l.target);
                names.insert("loop".to_owned());
                self.scoped(names, |w| match &l.filter_expr {
                    Some(filter) => {
                        w.condition(filter);
                        w.knowing(present_if(filter, true), |w| w.body(&l.body));
                    }
                    None => w.body(&l.body),
                });
                self.body(&l.else_body);
            }
            Stmt::IfCond(c) => {
                self.condition(&c.expr);
                self.knowing(present_if(&c.expr, true), |w| w.body(&c.true_body));
                self.knowing(present_if(&c.expr, false), |w| w.body(&c.false_body));
            }
            Stmt::WithBlock(b) => {
                let mut names = BTreeSet::new();
                for (target, value) in &b.assignments {
                    self.expr(value, false);
                    names.extend(bound_names(target));
                }
                self.scoped(names, |w| w.body(&b.body));
            }
            Stmt::Set(s) => {
                self.expr(&s.expr, true);
                self.declare(bound_names(&s.target));
            }
            Stmt::SetBlock(s) => {
                self.scoped(BTreeSet::new(), |w| w.body(&s.body));
                self.declare(bound_names(&s.target));
            }
            Stmt::AutoEscape(a) => self.body(&a.body),
            Stmt::FilterBlock(f) => {
                self.expr(&f.filter, false);
                self.body(&f.body);
            }
            Stmt::Do(d) => self.args(&d.call.args),
        }
    }

    /// An expression of which only the truth matters: what is merely tested is guarded.
    fn condition(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::UnaryOp(u) if matches!(u.op, UnaryOpKind::Not) => self.condition(&u.expr),
            Expr::BinOp(b) if matches!(b.op, BinOpKind::ScAnd) => {
                self.condition(&b.left);
                self.knowing(present_if(&b.left, true), |w| w.condition(&b.right));
            }
            Expr::BinOp(b) if matches!(b.op, BinOpKind::ScOr) => {
                self.condition(&b.left);
                self.knowing(present_if(&b.left, false), |w| w.condition(&b.right));
            }
            Expr::Var(_)
            | Expr::Const(_)
            | Expr::Slice(_)
            | Expr::UnaryOp(_)
            | Expr::BinOp(_)
            | Expr::Compare(_)
            | Expr::IfExpr(_)
            | Expr::Filter(_)
            | Expr::Test(_)
            | Expr::GetAttr(_)
            | Expr::GetItem(_)
            | Expr::Call(_)
            | Expr::List(_)
            | Expr::Tuple(_)
            | Expr::Map(_) => {
                let bare = static_path(expr).is_some();
                self.expr(expr, bare);
            }
        }
    }

    fn expr(&mut self, expr: &Expr<'_>, guarded: bool) {
        if let Some(path) = static_path(expr) {
            if !self.is_local(path.root) {
                let dotted = path.dotted();
                let known = self.present.iter().any(|known| {
                    dotted == *known
                        || known
                            .strip_prefix(dotted.as_str())
                            .is_some_and(|rest| rest.starts_with(['.', '[']))
                });
                self.found.push(Reading {
                    root: path.root.to_owned(),
                    path: path.segments.iter().map(ToString::to_string).collect(),
                    range: path.range,
                    guarded: guarded || known,
                });
            }
            return;
        }
        match expr {
            Expr::Var(_) | Expr::Const(_) => {}
            Expr::Slice(s) => {
                self.expr(&s.expr, guarded);
                for part in [&s.start, &s.stop, &s.step].into_iter().flatten() {
                    self.expr(part, false);
                }
            }
            Expr::UnaryOp(u) => match u.op {
                UnaryOpKind::Not => self.condition(&u.expr),
                UnaryOpKind::Neg => self.expr(&u.expr, guarded),
            },
            Expr::BinOp(b) => match b.op {
                BinOpKind::ScAnd => {
                    self.condition(&b.left);
                    self.knowing(present_if(&b.left, true), |w| w.expr(&b.right, guarded));
                }
                // `a or b`: the left side may be absent, the right side is what is left.
                BinOpKind::ScOr => {
                    self.expr(&b.left, true);
                    self.expr(&b.right, guarded);
                }
                BinOpKind::Eq
                | BinOpKind::Ne
                | BinOpKind::Lt
                | BinOpKind::Lte
                | BinOpKind::Gt
                | BinOpKind::Gte
                | BinOpKind::Add
                | BinOpKind::Sub
                | BinOpKind::Mul
                | BinOpKind::Div
                | BinOpKind::FloorDiv
                | BinOpKind::Rem
                | BinOpKind::Pow
                | BinOpKind::Concat
                | BinOpKind::In => {
                    self.expr(&b.left, false);
                    self.expr(&b.right, false);
                }
            },
            Expr::Compare(c) => {
                self.expr(&c.expr, false);
                for op in &c.ops {
                    self.expr(&op.expr, false);
                }
            }
            Expr::IfExpr(i) => {
                self.condition(&i.test_expr);
                self.knowing(present_if(&i.test_expr, true), |w| w.expr(&i.true_expr, guarded));
                if let Some(other) = &i.false_expr {
                    self.knowing(present_if(&i.test_expr, false), |w| w.expr(other, guarded));
                }
            }
            Expr::Filter(f) => {
                if let Some(inner) = &f.expr {
                    self.expr(inner, guarded || matches!(f.name, "default" | "d"));
                }
                self.args(&f.args);
            }
            Expr::Test(t) => {
                let tests_presence = matches!(t.name, "defined" | "undefined" | "none");
                self.expr(&t.expr, tests_presence);
                self.args(&t.args);
            }
            Expr::GetAttr(g) => self.expr(&g.expr, guarded),
            Expr::GetItem(g) => {
                self.expr(&g.expr, guarded);
                self.expr(&g.subscript_expr, false);
            }
            Expr::Call(c) => {
                if call_function_name(c).is_none() {
                    self.expr(&c.expr, false);
                }
                self.args(&c.args);
            }
            Expr::List(l) => l.items.iter().for_each(|item| self.expr(item, false)),
            Expr::Tuple(t) => t.items.iter().for_each(|item| self.expr(item, false)),
            Expr::Map(m) => {
                for part in m.keys.iter().chain(&m.values) {
                    self.expr(part, false);
                }
            }
        }
    }

    fn args(&mut self, args: &[CallArg<'_>]) {
        for arg in args {
            match arg {
                CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => {
                    self.expr(e, false)
                }
            }
        }
    }
}

/// The paths that must be present when the condition turned out as `outcome`.
fn present_if(condition: &Expr<'_>, outcome: bool) -> Vec<String> {
    if let Some(path) = static_path(condition) {
        return if outcome { vec![path.dotted()] } else { Vec::new() };
    }
    match condition {
        Expr::UnaryOp(u) if matches!(u.op, UnaryOpKind::Not) => present_if(&u.expr, !outcome),
        Expr::BinOp(b) if matches!((b.op, outcome), (BinOpKind::ScAnd, true) | (BinOpKind::ScOr, false)) => {
            let mut both = present_if(&b.left, outcome);
            both.extend(present_if(&b.right, outcome));
            both
        }
        // A comparison with something absent is false, so a true one proves presence.
        Expr::BinOp(b)
            if outcome
                && matches!(
                    b.op,
                    BinOpKind::Eq
                        | BinOpKind::Lt
                        | BinOpKind::Lte
                        | BinOpKind::Gt
                        | BinOpKind::Gte
                        | BinOpKind::In
                ) =>
        {
            match (static_path(&b.left), &b.right) {
                (Some(path), Expr::Const(c)) if !c.value.is_none() => vec![path.dotted()],
                _ => Vec::new(),
            }
        }
        Expr::Filter(f) if outcome && matches!(f.name, "length" | "count" | "trim") => {
            f.expr.as_ref().map_or_else(Vec::new, |e| present_if(e, true))
        }
        Expr::Test(t) => {
            let proves = match t.name {
                "defined" => outcome,
                "undefined" | "none" => !outcome,
                _ => outcome && matches!(t.name, "eq" | "string" | "number" | "mapping" | "sequence"),
            };
            match (proves, static_path(&t.expr)) {
                (true, Some(path)) => vec![path.dotted()],
                _ => Vec::new(),
            }
        }
        Expr::Var(_)
        | Expr::Const(_)
        | Expr::Slice(_)
        | Expr::UnaryOp(_)
        | Expr::BinOp(_)
        | Expr::Compare(_)
        | Expr::IfExpr(_)
        | Expr::Filter(_)
        | Expr::GetAttr(_)
        | Expr::GetItem(_)
        | Expr::Call(_)
        | Expr::List(_)
        | Expr::Tuple(_)
        | Expr::Map(_) => Vec::new(),
    }
}
