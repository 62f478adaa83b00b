//! What every store must do, as a list of checks run over each implementation.
//!
//! A check gets a subject that can be opened again and again, after a good end or a crash: what was acknowledged is
//! there the next time. Stores that break a promise on purpose ([`sabotage`]) show that the checks can fail.

mod contacts;
mod crashes;
mod effects;
mod erasure;
pub(super) mod fixtures;
mod messages;
mod records;
mod releases;
pub(crate) mod sabotage;
mod turns;
pub(crate) mod twist;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::Store;

/// An implementation with a place of its own.
pub(crate) trait Subject: Send + Sync {
    /// Opens the store; the one opened before has been dropped.
    fn open(&self) -> BoxFuture<'_, Arc<dyn Store>>;

    /// Ends the process that has the store open, as abruptly as can be done here: others may still be using it.
    fn crash(&self, store: Arc<dyn Store>) {
        drop(store);
    }
}

/// One demand.
pub(crate) type Check = for<'a> fn(&'a dyn Subject) -> BoxFuture<'a, ()>;

macro_rules! checks {
    ($($module:ident: $($check:ident)*;)*) => {
        /// All demands by name.
        pub(crate) const CHECKS: &[(&str, Check)] = &[
            $($((stringify!($check), |subject| Box::pin($module::$check(subject)))),*),*
        ];
    };
}

checks! {
    turns: a_turn_is_whole_and_survives_a_reopening
           a_commit_on_an_old_revision_changes_nothing
           of_concurrent_turns_one_wins
           a_value_over_the_cap_is_refused_whole
           a_failed_fence_and_a_conflict_leave_no_trace;
    messages: a_message_is_taken_once
              the_same_message_at_the_same_moment_is_taken_once
              a_duplicate_outranks_a_conflict
              a_message_is_forgotten_after_thirty_days
              the_inbox_keeps_the_order_of_commits
              a_provider_id_of_any_length_is_told_apart;
    effects: a_conversation_is_leased_when_its_first_effect_is_ready
             conversations_with_effects_are_listed_by_when_the_first_is_ready
             a_lease_ends_and_its_fence_with_it
             what_is_claimed_is_nobody_elses
             what_was_done_under_a_lease_is_not_leased_again
             effects_stay_in_the_order_in_which_they_were_asked
             an_attempt_once_started_stays_started
             a_change_read_before_an_attempt_takes_no_mark_back
             dead_letters_leave_the_outbox
             a_message_id_leads_to_its_effect
             a_status_for_an_unknown_effect_is_kept
             workers_never_share_a_conversation;
    contacts: a_user_outranks_a_phone
              the_ninth_digit_does_not_hide_a_contact
              a_phone_with_another_user_is_somebody_else
              an_address_leaves_the_contact_that_had_it
              a_contact_is_written_whole_only_as_it_was_read
              changes_of_a_contact_from_all_sides_add_up
              a_username_is_of_who_told_it_last
              two_contacts_become_one
              a_merge_that_is_refused_leaves_no_trace;
    erasure: of_a_contact_that_is_erased_only_the_path_stays
             the_address_of_one_who_was_erased_is_a_strangers;
    crashes: what_was_acknowledged_survives_a_crash;
    records: timers_are_due_in_order_and_move
             conversations_are_listed_by_id
             people_see_the_longest_waiting_first
             lines_and_journal_are_in_order
             a_turn_is_kept_however_long_with_what_it_was_played_against
             old_turns_are_cut_once_and_stay_in_order
             notices_come_newest_first
             conversations_with_messages_waiting_are_listed
             counts_follow_every_commit
             ids_may_be_long
             the_epoch_stays;
    releases: a_release_of_any_size_is_kept
              what_was_published_last_is_current_and_stays
              open_sessions_are_listed_by_conversation;
}
