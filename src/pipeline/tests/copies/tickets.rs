//! Objections and questions: who opens a ticket, what is told, who joins, what an operator does.

use oblik_domain::states::TicketState;
use oblik_store::{StoredTicket, TicketKind};

use crate::{Handled, close_ticket, reply_to_ticket, ticket_thread};

use super::forms::signed_in;
use super::*;

async fn tickets(world: &World) -> Vec<StoredTicket> {
    world.house.store.read().await.unwrap().waiting_tickets().await.unwrap()
}

#[test]
fn an_objection_opens_a_ticket_and_the_thread_goes_on_in_it() {
    on_both(1, |world| async move {
        let (invoice, customer) = (world.issue(0).await, &world.customers[0]);
        let said = "Доброго дня!\nНе погоджуюсь: показання з іншого приладу.\nЗ повагою";
        let item = Post::new(1, customer.email()).says(said).to(&invoice.message_id).send(&world).await;
        let all = tickets(&world).await;
        assert_eq!(
            (all.len(), all[0].kind, all[0].invoice_id, all[0].state),
            (1, TicketKind::Objection, Some(invoice.id), TicketState::Open)
        );
        assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Disputed));
        assert_eq!(world.column(&invoice).await, SignatureStatus::Disputed);
        let (to, subject, text) = world.only_letter(item).await;
        assert_eq!((to.as_str(), subject.as_str()), (customer.email(), "Re: Рахунок"));
        assert!(text.starts_with(&format!("ЗВЕРНЕННЯ № {} ЗАРЕЄСТРОВАНО", all[0].id)), "{text}");
        // Nothing of what was written, and no figure, stands in the answer.
        assert!(!text.contains("приладу") && !text.contains(&invoice.number), "{text}");

        // The operator answers, into the thread; the customer's next letter joins.
        let ticket = all[0].id;
        assert_eq!(reply_to_ticket(&world.house, ticket, "Перевіримо.\n\nЧекайте на акт.", "anna").await.unwrap(), Handled::Done);
        assert_eq!(tickets(&world).await[0].state, TicketState::Answered);
        let thread = ticket_thread(&world.house, ticket).await.unwrap().unwrap();
        let answer = thread.messages[1].0.item_id;
        let (to, _, text) = world.only_letter(answer).await;
        assert_eq!(to, customer.email());
        assert!(text.contains("Перевіримо. Чекайте на акт."), "{text}");
        let letter = world.house.store.read().await.unwrap().letters_of(answer).await.unwrap()[0].message_id.clone();
        Post::new(2, customer.email()).says("Дякую, чекаємо на акт.").to(&letter).send(&world).await;
        let thread = ticket_thread(&world.house, ticket).await.unwrap().unwrap();
        let seen: Vec<_> = thread.messages.iter().map(|(message, text)| (message.who.as_str(), text.as_str())).collect();
        assert_eq!(
            seen,
            [(customer.email(), said), ("anna", "Перевіримо.\n\nЧекайте на акт."), (customer.email(), "Дякую, чекаємо на акт.")]
        );
        assert_eq!(thread.invoice, Some(invoice.number.clone()));

        // Closed for a reason, opened again by the customer.
        assert_eq!(close_ticket(&world.house, ticket, "explained", "anna").await.unwrap(), Handled::Done);
        assert!(matches!(close_ticket(&world.house, ticket, "again", "anna").await.unwrap(), Handled::NotPossible(_)));
        assert!(matches!(reply_to_ticket(&world.house, ticket, "x", "anna").await.unwrap(), Handled::NotPossible(_)));
        assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Awaited));
        Post::new(3, customer.email()).says("Ще питання").to(&letter).send(&world).await;
        assert_eq!(tickets(&world).await[0].state, TicketState::Open);
        let links = world.house.store.read().await.unwrap().journal_links("ticket", &ticket.to_string()).await.unwrap();
        let events: Vec<_> = links.iter().map(|link| link.entry.event.as_str()).collect();
        let wrote = "customer wrote in a ticket";
        assert_eq!(events, ["ticket opened", "ticket answered", wrote, "ticket closed", wrote]);
        assert!(links[3].entry.detail.contains("explained") && links[3].entry.detail.contains("anna"));
    });
}

#[test]
fn a_question_in_the_thread_of_an_invoice_is_a_ticket_and_no_objection() {
    on_both(2, |world| async move {
        let (invoice, customer) = (world.issue(0).await, &world.customers[0]);
        Post::new(1, customer.email()).says("Чому сума більша?").to(&invoice.message_id).send(&world).await;
        let all = tickets(&world).await;
        assert_eq!((all[0].kind, all[0].invoice_id), (TicketKind::Question, Some(invoice.id)));
        assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Awaited));
        // An objection in it makes it one; it stays one ticket.
        Post::new(2, customer.email()).titled(&format!("ЗАПЕРЕЧЕННЯ до рахунку № {}", invoice.number)).send(&world).await;
        let all = tickets(&world).await;
        assert_eq!((all.len(), all[0].kind), (1, TicketKind::Objection));
        assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Disputed));
        // The same of an address of another account is no ticket, and tells nothing of this one.
        let other = world.customers[1].email();
        let item = Post::new(3, other).says("Чому сума більша?").to(&invoice.message_id).send(&world).await;
        assert_eq!(tickets(&world).await.len(), 1);
        let (to, _, text) = world.only_letter(item).await;
        assert!(to == other && text.starts_with("АКТ НЕ ПРИЙНЯТО"), "{text}");
    });
}

#[test]
fn who_is_not_proven_is_heard_and_told_nothing_and_a_stranger_is_not_heard() {
    on_both(1, |world| async move {
        let (invoice, customer) = (world.issue(0).await, &world.customers[0]);
        let mut post = Post::new(1, "someone@elsewhere.example").says("Не погоджуюсь").to(&invoice.message_id);
        let stranger = post.send(&world).await;
        assert!(tickets(&world).await.is_empty() && world.letters_about(stranger).await.is_empty());
        assert_eq!(world.codes(stranger).await, [Code::MailSenderUnknown]);
        post = Post::new(2, customer.email()).says("Не погоджуюсь").to(&invoice.message_id);
        post.proven = false;
        let unproven = post.send(&world).await;
        assert_eq!(tickets(&world).await.len(), 1);
        assert!(world.letters_about(unproven).await.is_empty());
        // A written address stops nothing, and the operator sees that it is no more than that.
        assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Awaited));
        let thread = ticket_thread(&world.house, tickets(&world).await[0].id).await.unwrap().unwrap();
        assert_eq!(thread.unproven, [unproven]);
        // The operator's answer goes to the registered address, whoever wrote.
        let ticket = tickets(&world).await[0].id;
        assert_eq!(reply_to_ticket(&world.house, ticket, "Перевіримо.", "anna").await.unwrap(), Handled::Done);
        assert_eq!(reply_to_ticket(&world.house, ticket + 1, "x", "anna").await.unwrap(), Handled::NoTicket);
        assert!(matches!(reply_to_ticket(&world.house, ticket, " \n", "anna").await.unwrap(), Handled::NotPossible(_)));
        // The customer himself stops it.
        Post::new(3, customer.email()).says("Не погоджуюсь").to(&invoice.message_id).send(&world).await;
        assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Disputed));
        assert_eq!(ticket_thread(&world.house, ticket).await.unwrap().unwrap().unproven, [unproven]);
    });
}

#[test]
fn a_letter_that_says_no_signs_nothing_that_lies_in_it() {
    on_both(4, |world| async move {
        for at in 0..4 {
            let (invoice, customer) = (world.issue(at).await, &world.customers[at]);
            let inside = || File::pdf("r.pdf", customer.sign_pdf(&invoice.pdf, clock()).unwrap());
            let beside = || File::p7s("r.pdf.p7s", customer.sign_detached(&invoice.pdf, clock()).unwrap());
            let (files, said) = match at {
                0 => (vec![inside()], "Не погоджуюсь: сума більша."),
                1 => (vec![File::pdf("r.pdf", invoice.pdf.clone()), beside()], "Заперечую"),
                2 => (vec![beside()], "Не згодні з сумою"),
                _ => (vec![inside()], "Заперечення відсутні"),
            };
            let item = Post::new(u64::try_from(at).unwrap(), customer.email()).says(said).with(files).send(&world).await;
            if at == 3 {
                assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Received));
                continue;
            }
            assert_eq!(world.awaits(&invoice).await, Some(CountersignState::Disputed), "{said}");
            assert!(world.signed_by(&invoice).await.is_empty(), "{said}");
            // The thread is about what was enclosed, though no letter was answered and no number named.
            let ticket = tickets(&world).await.into_iter().find(|ticket| ticket.invoice_id == Some(invoice.id)).unwrap();
            assert_eq!(ticket.kind, TicketKind::Objection);
            let (_, _, text) = world.only_letter(item).await;
            assert!(text.contains("підписувати рахунок не потрібно"), "{text}");
        }
    });
}

#[test]
fn several_signed_invoices_in_one_letter_are_told_to_come_apart() {
    on_both(1, |world| async move {
        let (invoice, customer) = (world.issue(0).await, &world.customers[0]);
        let own = File::pdf("r.pdf", customer.sign_pdf(&invoice.pdf, clock()).unwrap());
        let other = File::pdf("s.pdf", signed_in(customer, &invoice.pdf, "other"));
        let post = Post::new(1, customer.email()).says("").to(&invoice.message_id).with(vec![own, other]);
        let item = post.send(&world).await;
        assert_eq!(world.codes(item).await, [Code::MailSeveralActs]);
        let (_, _, text) = world.only_letter(item).await;
        assert!(text.starts_with("ПІДПИСАНИЙ РАХУНОК НЕ ПРИЙНЯТО") && text.contains("кожен документ окремим"), "{text}");
        assert!(world.signed_by(&invoice).await.is_empty());
    });
}

#[test]
fn one_customer_opens_one_ticket_about_one_invoice_however_often_he_writes() {
    on_both(1, |world| async move {
        let (invoice, customer) = (world.issue(0).await, &world.customers[0]);
        let mut told = Vec::new();
        for number in 1..=5 {
            let post = Post::new(number, customer.email()).says("Не погоджуюсь").to(&invoice.message_id);
            let item = post.send(&world).await;
            told.push(world.letters_about(item).await.len());
        }
        // What answers each of our answers, and has no mark of a machine, falls silent.
        assert_eq!(told, [1, 1, 1, 0, 0]);
        let all = tickets(&world).await;
        assert_eq!(all.len(), 1);
        assert_eq!(ticket_thread(&world.house, all[0].id).await.unwrap().unwrap().messages.len(), 5);
        // An objection that names nothing is a thread without a document.
        Post::new(9, customer.email()).titled("Заперечення").says("Щось не так").send(&world).await;
        assert_eq!(tickets(&world).await.last().unwrap().invoice_id, None);
    });
}
