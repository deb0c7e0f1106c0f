//! The catalogue of parameters is a document made from the list that the calculation reads.

use std::fmt::Write as _;

use oblik_words::terms::parameter;

use crate::documents::assert_document;
use crate::tree;

const OPENING: &str = "# Parameters\n\n\
    Every figure of the calculation that a law, a contract or a practice sets is a parameter with the days it holds for. What the\n\
    administrator gives for a day counts; for a day on which nothing given holds, the default does; without a default the period\n\
    stays uncalculated with E2. A value that is asked for a whole period must hold on each of its days, and that of the last day\n\
    counts. Outside its bounds a value is refused (BILL-PARAMETER), and so are two values for one day (BILL-OVERLAP).\n\n\
    The VAT rate is that of the period's last day, on which the supply of the month is completed, also where it changed inside the\n\
    month. Prices are no parameters: they change by days (R-PRICE-3).\n\n\
    This file is made from `src/billing/parameters.csv`: `OBLIK_UPDATE_DOCS=1 cargo test -p oblik-house-tests`.\n\n\
    | name | default | from | bounds | unit | rule | meaning | українською |\n|---|---|---|---|---|---|---|---|\n";

#[test]
fn the_catalogue_of_parameters_is_the_calculations_own() {
    let list = tree::read("src/billing/parameters.csv");
    let mut made = String::from(OPENING);
    for line in list.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let columns: Vec<&str> = line.split(';').collect();
        let [name, value, from, to, least, most, unit, rule, text] = columns[..] else { panic!("nine columns: {line}") };
        let value = if value.is_empty() { "must be given" } else { value };
        let days = if to.is_empty() { from.to_owned() } else { format!("{from} to {to}") };
        let told = parameter(name);
        assert_ne!(told, name, "{name} has no words");
        let _ = writeln!(made, "| `{name}` | {value} | {days} | {least} … {most} | {unit} | {rule} | {text} | {told} |");
    }
    assert_document("docs/parameters.md", &made);
}
