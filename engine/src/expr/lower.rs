//! From the parsed tree to the tree that is compiled: our own meaning is put in here.
//!
//! The parser's tree is rebuilt, not edited, with these changes:
//! - a written-out path from outside (`agenda.UnitName`) becomes one *slot*, so that an evaluation converts exactly
//!   what it reads and not the whole variable;
//! - `none` becomes undefined: absent is one thing;
//! - `<`, `<=`, `>`, `>=` and `in` become tests of ours, in which absent is false instead of smaller than everything;
//! - `~`, `+` and `*` become filters of ours that refuse to print what must not be printed, or to explode;
//! - what is emitted goes through a filter that applies the printing rules and knows the author's words for the error;
//! - unknown filters, tests and functions are errors now, not when a patient is waiting.

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::Value;
use minijinja::machinery::{Span, ast};

use super::SyntaxError;
use super::environment as known;
use super::environment::hidden;
use super::intern::intern;
use super::path::{bound_names, call_function_name, range, static_path};
use super::slot::{Measure, Slot};
use super::template::words_at;
use super::{arguments, filters};

use ast::{BinOpKind, CallArg, CompareOpKind, Expr, Spanned, Stmt, UnaryOpKind};

/// Rebuilds trees and collects what they read.
#[derive(Default)]
pub(super) struct Lowering<'s> {
    /// For the words of a hole in an error.
    source: &'s str,
    holes: Vec<Range<usize>>,
    /// Names bound anywhere in the template; they are looked up by the machinery, never as a slot.
    bound: BTreeSet<String>,
    pub(super) slots: Vec<Slot>,
    /// Whether a filter in it asks for the day or the calendar.
    pub(super) needs_moment: bool,
}

type Lowered<T> = Result<T, SyntaxError>;

impl<'s> Lowering<'s> {
    pub(super) fn for_template(source: &'s str, holes: Vec<Range<usize>>) -> Self {
        Lowering { source, holes, ..Lowering::default() }
    }

    /// The expression as a slot, if it is a path from outside.
    fn slot(&mut self, expr: &Expr<'_>, measure: Measure) -> Option<Expr<'static>> {
        let path = static_path(expr).filter(|path| !self.bound.contains(path.root))?;
        let slot = Slot::new(&path, measure);
        let name = slot.name;
        if !self.slots.contains(&slot) {
            self.slots.push(slot);
        }
        Some(variable(name, expr.span()))
    }

    /// An expression of which only the truth matters.
    pub(super) fn condition(&mut self, expr: &Expr<'_>) -> Lowered<Expr<'static>> {
        if let Some(slot) = self.slot(expr, Measure::Truth) {
            return Ok(slot);
        }
        if let Expr::BinOp(b) = expr
            && matches!(b.op, BinOpKind::ScAnd | BinOpKind::ScOr)
        {
            let (left, right) = (self.condition(&b.left)?, self.condition(&b.right)?);
            return Ok(plain_binary(b.op, left, right, expr.span()));
        }
        self.expr(expr)
    }

    /// A whole template with statements, emitting through the printing rules.
    pub(super) fn template(&mut self, stmt: &Stmt<'_>) -> Lowered<Stmt<'static>> {
        self.bind(stmt);
        self.stmt(stmt)
    }

    fn bind(&mut self, stmt: &Stmt<'_>) {
        match stmt {
            Stmt::Template(t) => t.children.iter().for_each(|s| self.bind(s)),
            Stmt::ForLoop(l) => {
                self.bound.extend(bound_names(&l.target));
                self.bound.insert("loop".to_owned());
                l.body.iter().chain(&l.else_body).for_each(|s| self.bind(s));
            }
            Stmt::IfCond(c) => c.true_body.iter().chain(&c.false_body).for_each(|s| self.bind(s)),
            Stmt::WithBlock(b) => {
                for (target, _) in &b.assignments {
                    self.bound.extend(bound_names(target));
                }
                b.body.iter().for_each(|s| self.bind(s));
            }
            Stmt::Set(s) => self.bound.extend(bound_names(&s.target)),
            Stmt::SetBlock(s) => {
                self.bound.extend(bound_names(&s.target));
                s.body.iter().for_each(|s| self.bind(s));
            }
            Stmt::AutoEscape(a) => a.body.iter().for_each(|s| self.bind(s)),
            Stmt::FilterBlock(f) => f.body.iter().for_each(|s| self.bind(s)),
            Stmt::EmitExpr(_) | Stmt::EmitRaw(_) | Stmt::Do(_) => {}
        }
    }

    fn stmts(&mut self, stmts: &[Stmt<'_>]) -> Lowered<Vec<Stmt<'static>>> {
        stmts.iter().map(|stmt| self.stmt(stmt)).collect()
    }

    fn stmt(&mut self, stmt: &Stmt<'_>) -> Lowered<Stmt<'static>> {
        Ok(match stmt {
            Stmt::Template(t) => {
                Stmt::Template(Spanned::new(ast::Template { children: self.stmts(&t.children)? }, t.span()))
            }
            Stmt::EmitExpr(e) => {
                let at = e.expr.span();
                let words = words_at(self.source, &self.holes, range(at).start);
                let words = constant(Value::from(words), at);
                let printed = filter(hidden::PRINT, self.expr(&e.expr)?, vec![words], at);
                Stmt::EmitExpr(Spanned::new(ast::EmitExpr { expr: printed }, e.span()))
            }
            Stmt::EmitRaw(r) => Stmt::EmitExpr(Spanned::new(
                ast::EmitExpr { expr: constant(Value::from(r.raw), r.span()) },
                r.span(),
            )),
            Stmt::ForLoop(l) => Stmt::ForLoop(Spanned::new(
                ast::ForLoop {
                    target: self.target(&l.target)?,
                    iter: self.expr(&l.iter)?,
                    filter_expr: l.filter_expr.as_ref().map(|e| self.condition(e)).transpose()?,
                    recursive: l.recursive,
                    body: self.stmts(&l.body)?,
                    else_body: self.stmts(&l.else_body)?,
                },
                l.span(),
            )),
            Stmt::IfCond(c) => Stmt::IfCond(Spanned::new(
                ast::IfCond {
                    expr: self.condition(&c.expr)?,
                    true_body: self.stmts(&c.true_body)?,
                    false_body: self.stmts(&c.false_body)?,
                },
                c.span(),
            )),
            Stmt::WithBlock(b) => {
                let mut assignments = Vec::new();
                for (target, value) in &b.assignments {
                    assignments.push((self.target(target)?, self.expr(value)?));
                }
                Stmt::WithBlock(Spanned::new(
                    ast::WithBlock { assignments, body: self.stmts(&b.body)? },
                    b.span(),
                ))
            }
            Stmt::Set(s) => Stmt::Set(Spanned::new(
                ast::Set { target: self.target(&s.target)?, expr: self.expr(&s.expr)? },
                s.span(),
            )),
            Stmt::SetBlock(s) => Stmt::SetBlock(Spanned::new(
                ast::SetBlock {
                    target: self.target(&s.target)?,
                    filter: self.optional(&s.filter)?,
                    body: self.stmts(&s.body)?,
                },
                s.span(),
            )),
            Stmt::FilterBlock(f) => Stmt::FilterBlock(Spanned::new(
                ast::FilterBlock { filter: self.expr(&f.filter)?, body: self.stmts(&f.body)? },
                f.span(),
            )),
            Stmt::AutoEscape(a) => {
                return Err(SyntaxError::forbidden("{% autoescape %}", range(a.span())));
            }
            Stmt::Do(d) => return Err(SyntaxError::forbidden("{% do %}", range(d.span()))),
        })
    }

    /// The left side of an assignment.
    fn target(&mut self, target: &Expr<'_>) -> Lowered<Expr<'static>> {
        let at = target.span();
        if let Expr::Var(v) = target {
            return Ok(variable(intern(v.id), at));
        }
        if let Expr::List(l) = target {
            let items = l.items.iter().map(|i| self.target(i)).collect::<Lowered<_>>()?;
            return Ok(Expr::List(Spanned::new(ast::List { items }, at)));
        }
        if let Expr::Tuple(t) = target {
            let items = t.items.iter().map(|i| self.target(i)).collect::<Lowered<_>>()?;
            return Ok(Expr::Tuple(Spanned::new(ast::Tuple { items }, at)));
        }
        if let Expr::GetAttr(g) = target {
            let expr = self.target(&g.expr)?;
            let name = intern(g.name);
            return Ok(Expr::GetAttr(Spanned::new(ast::GetAttr { expr, name }, at)));
        }
        Err(SyntaxError::plain("só se pode atribuir a um nome", "only a name can be assigned to", range(at)))
    }

    fn optional(&mut self, expr: &Option<Expr<'_>>) -> Lowered<Option<Expr<'static>>> {
        expr.as_ref().map(|e| self.expr(e)).transpose()
    }

    /// An expression.
    pub(super) fn expr(&mut self, expr: &Expr<'_>) -> Lowered<Expr<'static>> {
        if let Some(slot) = self.slot(expr, Measure::Whole) {
            return Ok(slot);
        }
        let at = expr.span();
        Ok(match expr {
            Expr::Var(v) => variable(intern(v.id), at),
            Expr::Const(c) if c.value.is_none() => constant(Value::UNDEFINED, at),
            Expr::Const(c) => constant(c.value.clone(), at),
            Expr::Slice(s) => Expr::Slice(Spanned::new(
                ast::Slice {
                    expr: self.expr(&s.expr)?,
                    start: self.optional(&s.start)?,
                    stop: self.optional(&s.stop)?,
                    step: self.optional(&s.step)?,
                },
                at,
            )),
            Expr::UnaryOp(u) => match u.op {
                UnaryOpKind::Not => unary(UnaryOpKind::Not, self.condition(&u.expr)?, at),
                UnaryOpKind::Neg => unary(UnaryOpKind::Neg, self.expr(&u.expr)?, at),
            },
            Expr::BinOp(b) => {
                let (left, right) = (self.expr(&b.left)?, self.expr(&b.right)?);
                binary(b.op, left, right, at)
            }
            Expr::Compare(c) => {
                // a < b < c is (a < b) and (b < c); expressions have no side effects, so b may be evaluated twice.
                let mut all: Option<Expr<'static>> = None;
                let mut left = &c.expr;
                for op in &c.ops {
                    let (a, b) = (self.expr(left)?, self.expr(&op.expr)?);
                    let one = compare(op.op, a, b, at);
                    all = Some(match all {
                        None => one,
                        Some(before) => plain_binary(BinOpKind::ScAnd, before, one, at),
                    });
                    left = &op.expr;
                }
                match all {
                    Some(all) => all,
                    None => self.expr(&c.expr)?,
                }
            }
            Expr::IfExpr(i) => Expr::IfExpr(Spanned::new(
                ast::IfExpr {
                    test_expr: self.condition(&i.test_expr)?,
                    true_expr: self.expr(&i.true_expr)?,
                    false_expr: Some(match &i.false_expr {
                        Some(other) => self.expr(other)?,
                        None => constant(Value::UNDEFINED, at),
                    }),
                },
                at,
            )),
            Expr::Filter(f) => {
                let start = range(at).start;
                if !known::known_filters().any(|name| name == f.name) {
                    return Err(SyntaxError::unknown_filter(f.name, start..start + f.name.len()));
                }
                arguments::check_filter(f, start..start + f.name.len())?;
                self.needs_moment |= filters::NEED_MOMENT.contains(&f.name);
                if matches!(f.name, "length" | "count")
                    && f.args.is_empty()
                    && let Some(slot) = f.expr.as_ref().and_then(|e| self.slot(e, Measure::Length))
                {
                    return Ok(slot);
                }
                Expr::Filter(Spanned::new(
                    ast::Filter {
                        name: intern(f.name),
                        expr: self.optional(&f.expr)?,
                        args: self.args(&f.args)?,
                    },
                    at,
                ))
            }
            Expr::Test(t) => {
                let start = range(at).start;
                if !known::known_tests().any(|name| name == t.name) {
                    return Err(SyntaxError::unknown_test(t.name, start..start + t.name.len()));
                }
                let presence = matches!(t.name, "defined" | "undefined" | "none");
                let slot = if presence { self.slot(&t.expr, Measure::Presence) } else { None };
                let expr = match slot {
                    Some(slot) => slot,
                    None => self.expr(&t.expr)?,
                };
                Expr::Test(Spanned::new(
                    ast::Test { name: intern(t.name), expr, args: self.args(&t.args)? },
                    at,
                ))
            }
            Expr::GetAttr(g) => Expr::GetAttr(Spanned::new(
                ast::GetAttr { expr: self.expr(&g.expr)?, name: intern(g.name) },
                at,
            )),
            Expr::GetItem(g) => Expr::GetItem(Spanned::new(
                ast::GetItem { expr: self.expr(&g.expr)?, subscript_expr: self.expr(&g.subscript_expr)? },
                at,
            )),
            Expr::Call(c) => self.call(c)?,
            Expr::List(l) => Expr::List(Spanned::new(ast::List { items: self.exprs(&l.items)? }, at)),
            Expr::Tuple(t) => Expr::Tuple(Spanned::new(ast::Tuple { items: self.exprs(&t.items)? }, at)),
            Expr::Map(m) => Expr::Map(Spanned::new(
                ast::Map { keys: self.exprs(&m.keys)?, values: self.exprs(&m.values)? },
                at,
            )),
        })
    }

    fn exprs(&mut self, exprs: &[Expr<'_>]) -> Lowered<Vec<Expr<'static>>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn call(&mut self, call: &Spanned<ast::Call<'_>>) -> Lowered<Expr<'static>> {
        let at = call.span();
        let callee = match (&call.expr, call_function_name(call)) {
            (callee, Some(name)) => {
                let is_loop = name == "loop" && self.bound.contains(name);
                if !is_loop && !known::known_functions().any(|known| known == name) {
                    return Err(SyntaxError::unknown_function(name, range(callee.span())));
                }
                self.needs_moment |= filters::NEED_MOMENT.contains(&name);
                arguments::check_function(name, &call.args, range(callee.span()))?;
                variable(intern(name), callee.span())
            }
            (Expr::GetAttr(g), None) => {
                let on_loop = static_path(&g.expr)
                    .is_some_and(|path| path.root == "loop" && self.bound.contains("loop"));
                if !on_loop {
                    let end = range(g.span()).end;
                    return Err(SyntaxError::unknown_function(g.name, end - g.name.len()..end));
                }
                Expr::GetAttr(Spanned::new(
                    ast::GetAttr { expr: self.expr(&g.expr)?, name: intern(g.name) },
                    g.span(),
                ))
            }
            (callee, None) => {
                return Err(SyntaxError::plain(
                    "só se pode chamar uma função pelo nome",
                    "a function can only be called by its name",
                    range(callee.span()),
                ));
            }
        };
        Ok(Expr::Call(Spanned::new(ast::Call { expr: callee, args: self.args(&call.args)? }, at)))
    }

    fn args(&mut self, args: &[CallArg<'_>]) -> Lowered<Vec<CallArg<'static>>> {
        args.iter()
            .map(|arg| {
                Ok(match arg {
                    CallArg::Pos(e) => CallArg::Pos(self.expr(e)?),
                    CallArg::Kwarg(name, e) => CallArg::Kwarg(intern(name), self.expr(e)?),
                    CallArg::PosSplat(e) => CallArg::PosSplat(self.expr(e)?),
                    CallArg::KwargSplat(e) => CallArg::KwargSplat(self.expr(e)?),
                })
            })
            .collect()
    }
}

fn variable(id: &'static str, at: Span) -> Expr<'static> {
    Expr::Var(Spanned::new(ast::Var { id }, at))
}

fn constant(value: Value, at: Span) -> Expr<'static> {
    Expr::Const(Spanned::new(ast::Const { value }, at))
}

fn filter(name: &'static str, expr: Expr<'static>, args: Vec<Expr<'static>>, at: Span) -> Expr<'static> {
    Expr::Filter(Spanned::new(
        ast::Filter { name, expr: Some(expr), args: args.into_iter().map(CallArg::Pos).collect() },
        at,
    ))
}

fn test(name: &'static str, expr: Expr<'static>, other: Expr<'static>, at: Span) -> Expr<'static> {
    Expr::Test(Spanned::new(ast::Test { name, expr, args: vec![CallArg::Pos(other)] }, at))
}

fn unary(op: UnaryOpKind, expr: Expr<'static>, at: Span) -> Expr<'static> {
    Expr::UnaryOp(Spanned::new(ast::UnaryOp { op, expr }, at))
}

fn plain_binary(op: BinOpKind, left: Expr<'static>, right: Expr<'static>, at: Span) -> Expr<'static> {
    Expr::BinOp(Spanned::new(ast::BinOp { op, left, right }, at))
}

fn binary(op: BinOpKind, left: Expr<'static>, right: Expr<'static>, at: Span) -> Expr<'static> {
    match op {
        BinOpKind::Lt => test("lt", left, right, at),
        BinOpKind::Lte => test("le", left, right, at),
        BinOpKind::Gt => test("gt", left, right, at),
        BinOpKind::Gte => test("ge", left, right, at),
        BinOpKind::In => test("in", left, right, at),
        BinOpKind::Concat => filter(hidden::CONCAT, left, vec![right], at),
        BinOpKind::Add => filter(hidden::PLUS, left, vec![right], at),
        BinOpKind::Mul => filter(hidden::TIMES, left, vec![right], at),
        BinOpKind::Eq
        | BinOpKind::Ne
        | BinOpKind::ScAnd
        | BinOpKind::ScOr
        | BinOpKind::Sub
        | BinOpKind::Div
        | BinOpKind::FloorDiv
        | BinOpKind::Rem
        | BinOpKind::Pow => plain_binary(op, left, right, at),
    }
}

fn compare(op: CompareOpKind, left: Expr<'static>, right: Expr<'static>, at: Span) -> Expr<'static> {
    match op {
        CompareOpKind::Eq => plain_binary(BinOpKind::Eq, left, right, at),
        CompareOpKind::Ne => plain_binary(BinOpKind::Ne, left, right, at),
        CompareOpKind::Lt => test("lt", left, right, at),
        CompareOpKind::Lte => test("le", left, right, at),
        CompareOpKind::Gt => test("gt", left, right, at),
        CompareOpKind::Gte => test("ge", left, right, at),
        CompareOpKind::In => test("in", left, right, at),
        CompareOpKind::NotIn => unary(UnaryOpKind::Not, test("in", left, right, at), at),
    }
}
