//! A compiled expression: a constant, a path that is read directly, or instructions.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use minijinja::machinery::{CodeGenerator, Instructions, ast, eval, make_string_output};
use minijinja::value::{DynObject, Object};
use minijinja::{AutoEscape, Value};

use super::environment::{environment, hidden};
use super::lower::Lowering;
use super::path::static_path;
use super::print::{self, Target};
use super::scope::{Moment, Scope};
use super::slot::{Measure, Slot};
use super::value::{json_truth, to_json};
use super::{EvalError, SyntaxError};

/// A compiled expression.
#[derive(Debug)]
pub(super) enum Program {
    /// Nothing to compute.
    Constant(Value),
    /// A variable or a member of one: read without the machinery.
    Path(Slot),
    /// Anything else.
    Code(Code),
}

/// Compiled instructions and what they read from outside.
pub(super) struct Code {
    instructions: Instructions<'static>,
    slots: Arc<[Slot]>,
    /// Whether a filter in it asks for the day or the calendar.
    needs_moment: bool,
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code").field("slots", &self.slots).finish_non_exhaustive()
    }
}

/// What an evaluation sees as its root: the slots, already converted, and the moment.
#[derive(Debug)]
pub(super) struct Run {
    slots: Arc<[Slot]>,
    values: Vec<Value>,
    /// There only if the code needs it.
    pub(super) moment: Option<Arc<Moment>>,
    pub(super) target: Target,
}

impl Object for Run {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if key == hidden::RUN {
            return Some(Value::from_dyn_object(DynObject::new(self.clone())));
        }
        let at = self.slots.iter().position(|slot| slot.name == key)?;
        self.values.get(at).cloned()
    }
}

impl Program {
    /// Compiles one parsed expression.
    pub(super) fn expression(expr: &ast::Expr<'_>) -> Result<Self, SyntaxError> {
        if let Some(path) = static_path(expr) {
            return Ok(Program::Path(Slot::new(&path, Measure::Whole)));
        }
        let mut lowering = Lowering::default();
        let lowered = lowering.expr(expr)?;
        Ok(Program::lowered(lowered, lowering))
    }

    /// Compiles one parsed expression of which only the truth matters.
    pub(super) fn condition(expr: &ast::Expr<'_>) -> Result<Self, SyntaxError> {
        if static_path(expr).is_some() {
            return Program::expression(expr);
        }
        let mut lowering = Lowering::default();
        let lowered = lowering.condition(expr)?;
        Ok(Program::lowered(lowered, lowering))
    }

    fn lowered(lowered: ast::Expr<'static>, lowering: Lowering<'_>) -> Self {
        if let ast::Expr::Const(constant) = &lowered {
            return Program::Constant(constant.value.clone());
        }
        let mut generator = CodeGenerator::new("", "");
        generator.compile_expr(&lowered);
        Program::Code(Code::new(generator, lowering))
    }

    /// The value as JSON; absent is `None`.
    pub(super) fn value(&self, scope: &Scope<'_>) -> Result<Option<serde_json::Value>, EvalError> {
        match self {
            Program::Constant(value) => to_json(value),
            Program::Path(slot) => Ok(slot.read(scope).cloned()),
            Program::Code(code) => to_json(&code.evaluate(scope)?),
        }
    }

    /// Whether it holds in a condition.
    pub(super) fn truth(&self, scope: &Scope<'_>) -> Result<bool, EvalError> {
        match self {
            Program::Constant(value) => Ok(value.is_true()),
            Program::Path(slot) => Ok(json_truth(slot.read(scope))),
            Program::Code(code) => Ok(code.evaluate(scope)?.is_true()),
        }
    }

    /// Appends it as text. `words` is what the author wrote.
    pub(super) fn print(
        &self,
        scope: &Scope<'_>,
        out: &mut String,
        words: &str,
        target: Target,
    ) -> Result<(), EvalError> {
        match self {
            Program::Constant(value) => print::computed(out, value, words, target),
            Program::Path(slot) => print::json(out, slot.read(scope), words, target),
            Program::Code(code) => print::computed(out, &code.evaluate(scope)?, words, target),
        }
    }
}

impl Code {
    fn new(generator: CodeGenerator<'static>, lowering: Lowering<'_>) -> Self {
        let (instructions, _) = generator.finish();
        Code { instructions, slots: lowering.slots.into(), needs_moment: lowering.needs_moment }
    }

    /// Compiles a template with statements.
    pub(super) fn statements(
        stmt: &ast::Stmt<'_>,
        source: &str,
        holes: Vec<Range<usize>>,
    ) -> Result<Self, SyntaxError> {
        let mut lowering = Lowering::for_template(source, holes);
        let lowered = lowering.template(stmt)?;
        let mut generator = CodeGenerator::new("", "");
        generator.compile_stmt(&lowered);
        Ok(Code::new(generator, lowering))
    }

    fn root(&self, scope: &Scope<'_>, target: Target) -> Value {
        let values = self.slots.iter().map(|slot| slot.load(scope)).collect();
        let moment = self.needs_moment.then(|| scope.moment());
        Value::from_object(Run { slots: self.slots.clone(), values, moment, target })
    }

    fn run(&self, scope: &Scope<'_>, target: Target, out: &mut String) -> Result<Option<Value>, EvalError> {
        // No template blocks: flows have neither inheritance nor includes.
        static NO_BLOCKS: BTreeMap<&str, Instructions<'static>> = BTreeMap::new();
        let (value, _) = eval(
            environment(),
            &self.instructions,
            self.root(scope, target),
            &NO_BLOCKS,
            &mut make_string_output(out),
            AutoEscape::None,
        )?;
        Ok(value)
    }

    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvalError> {
        let mut unused = String::new();
        let value = self.run(scope, Target::Text, &mut unused)?;
        Ok(value.unwrap_or(Value::UNDEFINED))
    }

    /// Plays the statements and appends what they emit.
    pub(super) fn print(&self, scope: &Scope<'_>, out: &mut String, target: Target) -> Result<(), EvalError> {
        self.run(scope, target, out).map(drop)
    }
}
