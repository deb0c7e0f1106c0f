//! Where an open element stands in the sequence of its children.
//!
//! A child out of order is a fault, and yet checked by its own rule: one slip of a writer should not hide the others.

use oblik_domain::finding::Place;

use crate::schema::{Content, Element, Particle, Type};

/// An open element.
pub(crate) struct Frame<'s> {
    pub element: &'s Element,
    pub place: Place,
    /// Which of its like-named siblings it is, where it may have any.
    pub index: Option<u64>,
    /// Where in the sequence its children stand, and how many of each there were.
    at: usize,
    counts: Vec<u64>,
    pub text: String,
    pub node: usize,
}

impl<'s> Frame<'s> {
    pub fn new(element: &'s Element, index: Option<u64>, place: Place) -> Self {
        let mut frame = Self { element, place, index, at: 0, counts: Vec::new(), text: String::new(), node: 0 };
        frame.reopen(element, index, place);
        frame
    }

    /// Uses the frame's buffers for another element.
    pub fn reopen(&mut self, element: &'s Element, index: Option<u64>, place: Place) {
        (self.element, self.place, self.index, self.at) = (element, place, index, 0);
        self.text.clear();
        self.counts.clear();
        self.counts.resize(self.particles().map_or(0, <[Particle]>::len), 0);
    }

    pub fn particles(&self) -> Option<&'s [Particle]> {
        match &self.element.content {
            Type::Complex(complex) => match &complex.content {
                Content::Children(particles) => Some(particles),
                _ => None,
            },
            Type::Simple(_) => None,
        }
    }

    fn count(&self, at: usize) -> u64 {
        self.counts.get(at).copied().unwrap_or(0)
    }
}

/// What a child's start means to its parent.
pub(crate) struct Stepped<'s> {
    pub fault: Option<String>,
    /// Its rule and its index among its siblings; `None` when it is not known here.
    pub child: Option<(&'s Element, Option<u64>)>,
}

/// Moves the parent's place in its sequence to the child `name`.
pub(crate) fn step<'s>(parent: &mut Frame<'s>, own: bool, name: &str) -> Stepped<'s> {
    let refused = |detail: String| Stepped { fault: Some(detail), child: None };
    let Some(particles) = parent.particles() else {
        return refused(format!("the element <{}> where none may stand", cut(name)));
    };
    let find = |particle: &'s Particle| particle.alternatives.iter().find(|element| own && element.name == name);
    // From where the parent stands on, for most files are in order; then from the start.
    let places = || particles.iter().enumerate();
    let mut onward = places().skip(parent.at).chain(places().take(parent.at));
    let found = onward.find_map(|(at, particle)| Some((at, particle, find(particle)?)));
    let Some((at, particle, element)) = found else {
        let foreign = if own { "" } else { " of another namespace" };
        return refused(format!("the element <{}>{foreign} is not known here; {}", cut(name), expected(parent, particles)));
    };
    let mut fault = None;
    if at < parent.at {
        let before = particles.get(parent.at).map(Particle::label).unwrap_or_default();
        fault = Some(format!("<{name}> stands too late: it belongs before {before}"));
    } else if at > parent.at {
        let absent = lacking(parent, particles.get(..at).unwrap_or_default());
        fault = absent.first().map(|label| format!("{label} is missing before <{name}>"));
        parent.at = at;
    }
    if let Some(count) = parent.counts.get_mut(at) {
        *count += 1;
    }
    let count = parent.count(at);
    if fault.is_none() && particle.max.is_some_and(|max| count > max) {
        fault = Some(match particle.max {
            Some(1) => format!("a second {}", particle.label()),
            _ => format!("more than {} of {}", particle.max.unwrap_or(0), particle.label()),
        });
    }
    let index = (particle.max != Some(1) || count > 1).then_some(count);
    Stepped { fault, child: Some((element, index)) }
}

/// Labels of the particles of `upto`, from the parent's place on, that must stand and do not.
fn lacking(parent: &Frame<'_>, upto: &[Particle]) -> Vec<String> {
    let rest = upto.iter().enumerate().skip(parent.at);
    rest.filter(|(at, particle)| parent.count(*at) < particle.min).map(|(_, particle)| particle.label()).collect()
}

pub(crate) fn missing(frame: &Frame<'_>) -> Vec<String> {
    let absent = lacking(frame, frame.particles().unwrap_or_default());
    absent.into_iter().map(|label| format!("{label} is missing in <{}>", frame.element.name)).collect()
}

/// What may stand next, for a message.
fn expected(parent: &Frame<'_>, particles: &[Particle]) -> String {
    let mut labels = Vec::new();
    for (at, particle) in particles.iter().enumerate().skip(parent.at) {
        if particle.max.is_none_or(|max| parent.count(at) < max) {
            labels.push(particle.label());
        }
        if parent.count(at) < particle.min {
            break;
        }
    }
    if labels.is_empty() { "nothing more may stand".to_owned() } else { format!("expected {}", labels.join(" or ")) }
}

/// A stranger's name in a message: its first forty characters.
pub(crate) fn cut(name: &str) -> String {
    name.chars().take(40).collect()
}
