//! What `kubectl apply` prints for each object, where a recipe of this project is installed.
//!
//! The answer is that of admission to a new object, by the policy to which the recipe sends it, in the words of kubectl and of the API
//! server. What only the cluster knows is taken to be fine: that a service account exists which is not among the files, that RBAC
//! permits what is asked for, and that nothing is missing in an object. The service accounts of all files are there for every object.
//!
//! ```text
//! object -> recipe     the policy that is asked
//!        -> decoding   what is said of a value of the wrong type, which no policy gets to see
//!        -> words      how kubectl prints an answer
//! ```

mod decoding;
mod recipe;
mod words;

use std::collections::{HashMap, HashSet};

use azure_workload_identity_policy::finding::Part;
use azure_workload_identity_policy::inquiry::{Inquiry, ObjectOrigin};
use azure_workload_identity_policy::json::{Path, Value};
use azure_workload_identity_policy::{decide, examine};
use serde::Serialize;

use crate::check::{Files, inquiry, namespace_of};
use crate::file::File;
use crate::opened::Opened;
use crate::options::Options;
use crate::report::{FilePlace, ObjectName};
use crate::set::Set;
use crate::source::Lines;
use recipe::Recipe;

/// The answer to one object.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Answer {
    /// Where the object is.
    #[serde(flatten)]
    pub place: FilePlace,
    /// The object.
    pub object: ObjectName,
    /// Whether it is created.
    #[serde(rename = "allowed")]
    pub is_allowed: bool,
    /// What is printed: the warnings, then the result. Without a line break at its end.
    pub text: String,
}

/// The answers to all objects, in the order of the files, as if one command applied them.
pub fn answers(files: &[File], options: &Options<'_>) -> Vec<Answer> {
    let set = Set::new(files, options.cluster_state);
    let recipe = Recipe::of(&options.settings);
    let mut run = ApplyRun { set: &set, options, recipe, warned: HashSet::new(), answers: Vec::new() };
    (0..files.len()).for_each(|file| run.file(file));
    run.answers
}

/// One run of kubectl.
struct ApplyRun<'a, 'f> {
    set: &'a Set<'f>,
    options: &'a Options<'a>,
    recipe: Recipe,
    /// The warnings that were printed. kubectl prints each once.
    warned: HashSet<String>,
    answers: Vec<Answer>,
}

impl ApplyRun<'_, '_> {
    fn file(&mut self, number: usize) {
        let set = self.set;
        let Some(file) = set.files.get(number) else { return };
        let mut positions = HashMap::new();
        for (first, _, part) in set.parts_of(number) {
            positions.extend(part.objects.iter().zip(first..).map(|(object, at)| ((part.number, object.node), at)));
        }
        let source = &file.source;
        let lines = Lines::new(&source.text);
        file.each_document(&mut |document_number, json, document| {
            let opened = Opened::new(&source.text, json.root(), document);
            for object in opened.objects() {
                let value = object.value;
                let span = opened.locate(value, &Path::default(), Part::Value).span;
                let place = FilePlace::new(source, &lines, span);
                let position = positions.get(&(document_number, value.id()));
                self.object(place, value, ObjectName::read(object), position.copied());
            }
        });
    }

    /// Adds the answer to an object. Those that no rule is about have no position.
    fn object(&mut self, place: FilePlace, value: Value<'_>, name: ObjectName, position: Option<usize>) {
        let file = &*place.source.name;
        let namespace = name.namespace.as_deref().or(self.options.namespace.as_deref());
        let mut text = String::new();
        let reply = match (words::not_sent(value, &name, namespace.unwrap_or("default"), file), position) {
            (Some(error), _) => Err(error),
            (None, Some(position)) => self.ask(position, value, file, &mut text),
            (None, None) => Ok(()),
        };
        let is_allowed = reply.is_ok();
        text.push_str(&reply.err().unwrap_or_else(|| words::created(&name)));
        let object = ObjectName { namespace: name.namespace.or_else(|| self.options.namespace.clone()), ..name };
        self.answers.push(Answer { place, object, is_allowed, text });
    }

    /// Whether the cluster creates an object, or else what kubectl prints. Warnings are added to the text.
    fn ask(&mut self, position: usize, value: Value<'_>, file: &str, text: &mut String) -> Result<(), String> {
        let (set, options) = (self.set, self.options);
        let Some((place, object)) = set.object(position) else { return Ok(()) };
        let namespace = namespace_of(object, options);
        let cluster = Files::new(set, position, namespace);
        let inquiry = inquiry(value, object, namespace);
        let is_partial = set.is_partial(place, &inquiry.group, &inquiry.kind, value);
        let namespace = recipe::namespace_of_request(&inquiry);
        let inquiry = Inquiry { origin: ObjectOrigin::Admission, namespace, ..inquiry };
        let policy = self.recipe.policy(&inquiry);
        let (mut warnings, mut denial) = (Vec::new(), None);
        for settings in &options.settings {
            let examination = examine(&inquiry, settings, &cluster);
            if !examination.mismatches.is_empty() {
                return Err(decoding::error(&object.name, value, &examination.mismatches, file));
            }
            let Some(policy) = policy else { continue };
            let mut verdict = decide(examination, settings);
            // A placeholder counts as it is written: nothing fills it in any more.
            let unknown = cluster.unknown(is_partial);
            verdict.findings.retain(|(_, finding)| !finding.weight.rests_on.intersects(unknown));
            warnings.extend(verdict.warnings());
            denial = denial.or_else(|| verdict.message().map(|message| words::denied(file, policy, &message)));
        }
        for warning in words::passed_on(warnings) {
            if self.warned.insert(warning.clone()) {
                text.push_str(&words::warning(&warning));
            }
        }
        denial.map_or(Ok(()), Err)
    }
}
