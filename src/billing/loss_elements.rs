//! What is lost in one transformer or line, by the formulas of R-LOSS-2.

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::bill::{LossPart, TraceInput};
use oblik_domain::energy::Kwh;
use oblik_domain::finding::Finding;
use oblik_domain::metering::{EnergyKind, Loss};

use crate::network::{out_of_range, unusable};
use crate::trace::{input, text};

/// What flows through an element and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Flow<'a> {
    /// Whose terms the element stands in, for findings and the trace.
    pub point: &'a str,
    pub day: NaiveDate,
    /// W_P, kWh.
    pub active: Decimal,
    /// W_Q, kvarh.
    pub reactive: Decimal,
    /// Hours the network was energised, and of those the hours it carried load.
    pub energised: Decimal,
    pub loaded: Decimal,
    /// Hours of the whole month.
    pub month: Decimal,
    /// K_gr, and where it came from.
    pub form_factor: (Decimal, String),
}

/// One part of the losses, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lost {
    pub kind: EnergyKind,
    pub part: LossPart,
    pub volume: Kwh,
    pub formula: String,
    pub inputs: Vec<TraceInput>,
}

/// The parts that one element loses, active before reactive. Nothing is lost under load where no load flows or for no time.
///
/// # Errors
/// [`oblik_domain::finding::Code::ParameterUnusable`] for each value that cannot be, else
/// [`oblik_domain::finding::Code::OutOfRange`].
pub(crate) fn lost(element: &Loss, flow: &Flow<'_>) -> Result<Vec<Lost>, Vec<Finding>> {
    let findings = unusable_values(element, flow);
    if !findings.is_empty() {
        return Err(findings);
    }
    let parts = match element {
        Loss::Transformer { rated_kva, no_load_kw, load_kw, no_load_current, short_circuit_voltage, share } => {
            let plate = [*rated_kva, *no_load_kw, *load_kw, *no_load_current, *short_circuit_voltage, *share];
            transformer(plate, flow)
        }
        Loss::Line { resistance, length, voltage } => line(*resistance, *length, *voltage, flow),
        Loss::Simplified { line_percent, variable_percent, constant_kwh } => {
            simplified(*line_percent, *variable_percent, *constant_kwh, flow)
        }
    };
    parts.ok_or_else(|| vec![out_of_range("losses")])
}

/// The values of an element that cannot be.
fn unusable_values(element: &Loss, flow: &Flow<'_>) -> Vec<Finding> {
    let (zero, one, hundred) = (Decimal::ZERO, Decimal::ONE, Decimal::ONE_HUNDRED);
    let not_negative = |value: &Decimal| *value >= zero;
    let above_zero = |value: &Decimal| *value > zero;
    let per_cent = |value: &Decimal| *value >= zero && *value <= hundred;
    let checks: Vec<(&str, &Decimal, bool)> = match element {
        Loss::Transformer { rated_kva, no_load_kw, load_kw, no_load_current, short_circuit_voltage, share } => vec![
            ("transformer rated-kva", rated_kva, above_zero(rated_kva)),
            ("transformer no-load-kw", no_load_kw, not_negative(no_load_kw)),
            ("transformer load-kw", load_kw, not_negative(load_kw)),
            ("transformer no-load-current", no_load_current, per_cent(no_load_current)),
            ("transformer short-circuit-voltage", short_circuit_voltage, per_cent(short_circuit_voltage)),
            ("transformer share", share, *share > zero && *share <= one),
        ],
        Loss::Line { resistance, length, voltage } => vec![
            ("line resistance", resistance, not_negative(resistance)),
            ("line length", length, not_negative(length)),
            ("line voltage", voltage, above_zero(voltage)),
        ],
        Loss::Simplified { line_percent, variable_percent, constant_kwh } => vec![
            ("losses line-percent", line_percent, per_cent(line_percent)),
            ("losses variable-percent", variable_percent, per_cent(variable_percent)),
            ("losses constant-kwh", constant_kwh, not_negative(constant_kwh)),
        ],
    };
    let wrong = checks.into_iter().filter(|(_, _, right)| !right);
    wrong.map(|(name, value, _)| unusable(&text!("{} {name}", flow.point), value, flow.day)).collect()
}

/// ΔW₀ = round0(P₀ · T) × share; ΔW_k = K · (W_P² + W_Q²) / (S² · T) · P_k; ΔQ₀ and ΔQ_k alike.
fn transformer([rated, no_load, load, current, voltage, share]: [Decimal; 6], flow: &Flow<'_>) -> Option<Vec<Lost>> {
    let (kgr, hours, loaded) = (flow.form_factor.0, flow.energised, flow.loaded);
    let terms = |names: &[(&'static str, Decimal)]| -> Vec<TraceInput> {
        names.iter().map(|(name, value)| input(name, value, text!("point {} transformer", flow.point))).collect()
    };
    let resting = |exact: Decimal| Kwh::rounded(Decimal::from(Kwh::rounded(exact)?.0).checked_mul(share)?);
    let squares = squares(flow)?;
    let idle = squares.is_zero() || loaded.is_zero();
    let flowing = |formula: String| if idle { "0".to_owned() } else { formula };
    let under_load = |divisor: Decimal, factor: Decimal| {
        if idle {
            return Some(Kwh::ZERO);
        }
        let exact = kgr.checked_mul(squares)?.checked_mul(factor)?.checked_div(divisor.checked_mul(loaded)?)?;
        Kwh::rounded(exact)
    };
    let load_text = squares_text(flow);
    let (active, reactive) = (EnergyKind::ActiveImport, EnergyKind::ReactiveImport);
    let mut under_load_inputs = flow.inputs();
    under_load_inputs.extend(terms(&[("S", rated), ("P_k", load)]));
    let mut reactive_inputs = flow.inputs();
    reactive_inputs.extend(terms(&[("S", rated), ("U_k", voltage)]));
    let rated_percent = rated.checked_mul(current)?.checked_div(Decimal::ONE_HUNDRED)?;
    Some(vec![
        Lost {
            kind: active,
            part: LossPart::TransformerNoLoad,
            volume: resting(no_load.checked_mul(hours)?)?,
            formula: text!("round0(round0({no_load} × {hours}) × {share})"),
            inputs: terms(&[("P_0", no_load), ("share", share)]),
        },
        Lost {
            kind: active,
            part: LossPart::TransformerLoad,
            volume: under_load(rated.checked_mul(rated)?, load)?,
            formula: flowing(text!("round0({kgr} × {load_text} × {load} / ({rated}² × {loaded}))")),
            inputs: under_load_inputs,
        },
        Lost {
            kind: reactive,
            part: LossPart::TransformerNoLoad,
            volume: resting(rated_percent.checked_mul(hours)?)?,
            formula: text!("round0(round0({rated} × {current} / 100 × {hours}) × {share})"),
            inputs: terms(&[("S", rated), ("I_0", current), ("share", share)]),
        },
        Lost {
            kind: reactive,
            part: LossPart::TransformerLoad,
            volume: under_load(rated.checked_mul(Decimal::ONE_HUNDRED)?, voltage)?,
            formula: flowing(text!("round0({kgr} × {load_text} × {voltage} / ({rated} × {loaded} × 100))")),
            inputs: reactive_inputs,
        },
    ])
}

/// ΔW_L = K · (W_P'² + W_Q'²) · r₀ · L / (U² · T · 1000), where W' has in it what was lost before.
fn line(resistance: Decimal, length: Decimal, voltage: Decimal, flow: &Flow<'_>) -> Option<Vec<Lost>> {
    let (kgr, loaded, squares) = (flow.form_factor.0, flow.loaded, squares(flow)?);
    let (volume, formula) = if squares.is_zero() || loaded.is_zero() {
        (Kwh::ZERO, "0".to_owned())
    } else {
        let ohms = resistance.checked_mul(length)?;
        let divisor = voltage.checked_mul(voltage)?.checked_mul(loaded)?.checked_mul(Decimal::ONE_THOUSAND)?;
        let volume = Kwh::rounded(kgr.checked_mul(squares)?.checked_mul(ohms)?.checked_div(divisor)?)?;
        let load_text = squares_text(flow);
        (volume, text!("round0({kgr} × {load_text} × {resistance} × {length} / ({voltage}² × {loaded} × 1000))"))
    };
    let source = || text!("point {} line", flow.point);
    let mut inputs = flow.inputs();
    inputs.extend([input("r_0", resistance, source()), input("L", length, source()), input("U", voltage, source())]);
    Some(vec![Lost { kind: EnergyKind::ActiveImport, part: LossPart::Line, volume, formula, inputs }])
}

/// The columns of the act: per cent of what flows, and a constant a month for the time the network was energised.
fn simplified(line: Decimal, variable: Decimal, constant: Decimal, flow: &Flow<'_>) -> Option<Vec<Lost>> {
    let (flowing, hours, month) = (flow.active, flow.energised, flow.month);
    let source = || text!("point {} losses", flow.point);
    let mut parts = Vec::new();
    for (part, percent) in [(LossPart::Line, line), (LossPart::Variable, variable)] {
        if percent.is_zero() {
            continue;
        }
        parts.push(Lost {
            kind: EnergyKind::ActiveImport,
            part,
            volume: Kwh::rounded(flowing.checked_mul(percent)?.checked_div(Decimal::ONE_HUNDRED)?)?,
            formula: text!("round0({flowing} × {percent} / 100)"),
            inputs: vec![input("percent", percent, source())],
        });
    }
    if !constant.is_zero() {
        let exact = constant.checked_mul(hours)?.checked_div(month)?;
        parts.push(Lost {
            kind: EnergyKind::ActiveImport,
            part: LossPart::Constant,
            volume: Kwh::rounded(exact)?,
            formula: text!("round0({constant} × {hours} / {month})"),
            inputs: vec![input("constant", constant, source())],
        });
    }
    Some(parts)
}

impl Flow<'_> {
    fn inputs(&self) -> Vec<TraceInput> {
        let (form_factor, source) = &self.form_factor;
        vec![
            input("K_gr", form_factor, source.as_str()),
            input("W_P", self.active, "step R-VOL-2, R-INT and earlier losses"),
            input("W_Q", self.reactive, "step R-VOL-2, R-INT and earlier losses"),
        ]
    }
}

fn squares(flow: &Flow<'_>) -> Option<Decimal> {
    let active = flow.active.checked_mul(flow.active)?;
    active.checked_add(flow.reactive.checked_mul(flow.reactive)?)
}

fn squares_text(flow: &Flow<'_>) -> String {
    text!("({}² + {}²)", flow.active, flow.reactive)
}
