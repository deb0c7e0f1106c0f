//! Every text of the documents by its key in the template, with the words its braces may hold.

use oblik_domain::bill::LineKind;

macro_rules! texts {
    ($($name:ident = $key:literal $([$($word:literal),+])?;)+) => {
        /// One text of a document.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Text { $($name),+ }

        impl Text {
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Where it stands below `[text]`.
            pub fn key(self) -> &'static str {
                match self { $(Self::$name => $key),+ }
            }

            /// What may stand in its braces.
            pub fn words(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($($word),+)?]),+ }
            }
        }
    };
}

/// What a line of money is called.
impl From<LineKind> for Text {
    fn from(kind: LineKind) -> Self {
        match kind {
            LineKind::Supply => Self::LineSupply,
            LineKind::Transmission => Self::LineTransmission,
            LineKind::Distribution => Self::LineDistribution,
            LineKind::ReactiveConsumed => Self::LineReactiveConsumed,
            LineKind::ReactiveGenerated => Self::LineReactiveGenerated,
            LineKind::ReactiveExcess => Self::LineReactiveExcess,
            LineKind::ReactiveDiscount => Self::LineReactiveDiscount,
            LineKind::LimitConsumption => Self::LineLimitConsumption,
            LineKind::LimitPower => Self::LineLimitPower,
            LineKind::Penalty => Self::LinePenalty,
            LineKind::AnnualInterest => Self::LineAnnualInterest,
            LineKind::Inflation => Self::LineInflation,
        }
    }
}

texts! {
    InvoiceEyebrow = "invoice.eyebrow";
    InvoiceTitle = "invoice.title" ["month"];
    InvoiceName = "invoice.name" ["number", "date"];
    InvoiceNumber = "invoice.number" ["number"];
    InvoiceIssued = "invoice.issued" ["date"];
    CorrectionEyebrow = "correction.eyebrow";
    CorrectionTitle = "correction.title" ["month"];
    CorrectionCorrects = "correction.corrects" ["number", "date", "reason"];
    CorrectionDifference = "correction.difference" ["billed", "now"];
    DueEyebrow = "due.eyebrow";
    DueAdjustment = "due.adjustment";
    DueVat = "due.vat" ["rate", "sum"];
    DueUntil = "due.until" ["date"];
    DueScan = "due.scan";
    DueNothing = "due.nothing";
    DueCode = "due.code";
    DueOpen = "due.open";
    DuePage = "due.page";
    Supplier = "parties.supplier";
    Customer = "parties.customer";
    Edrpou = "parties.edrpou";
    VatNumber = "parties.vat_number";
    Address = "parties.address";
    Contract = "parties.contract";
    ContractNumber = "parties.contract_number" ["number", "date"];
    Iban = "parties.iban";
    Bank = "parties.bank";
    Purpose = "parties.purpose";
    ChargesTitle = "charges.title";
    ChargesNet = "charges.net";
    ChargesVat = "charges.vat" ["rate"];
    ChargesGross = "charges.gross";
    ChargesFactor = "charges.factor" ["name", "factor"];
    ChargesWithoutVat = "charges.without_vat" ["name"];
    LineSupply = "line.supply";
    LineTransmission = "line.transmission";
    LineDistribution = "line.distribution";
    LineReactiveConsumed = "line.reactive_consumed";
    LineReactiveGenerated = "line.reactive_generated";
    LineReactiveExcess = "line.reactive_excess";
    LineReactiveDiscount = "line.reactive_discount";
    LineLimitConsumption = "line.limit_consumption";
    LineLimitPower = "line.limit_power";
    LinePenalty = "line.penalty";
    LineAnnualInterest = "line.annual_interest";
    LineInflation = "line.inflation";
    SumPayable = "sum_in_words.payable";
    SumTotal = "sum_in_words.total";
    PartsTitle = "parts.title";
    PartSupply = "parts.supply";
    PartTransmission = "parts.transmission";
    PartDistribution = "parts.distribution";
    PartReactive = "parts.reactive";
    PartLimits = "parts.limits";
    PartOverdue = "parts.overdue";
    PartVat = "parts.vat";
    BreakdownTitle = "breakdown.title";
    BreakdownLead = "breakdown.lead";
    BreakdownLegend = "breakdown.legend";
    BreakdownPoint = "breakdown.point";
    BreakdownTotal = "breakdown.total";
    BreakdownSubConsumer = "breakdown.sub_consumer";
    BreakdownIntervals = "breakdown.intervals";
    BreakdownNet = "breakdown.net";
    BreakdownTakenOff = "breakdown.taken_off" ["eic"];
    BreakdownEstimated = "breakdown.estimated";
    BreakdownRolledOver = "breakdown.rolled_over";
    BreakdownPartOfPeriod = "breakdown.part_of_period" ["from", "to"];
    ReasonsTitle = "reasons.title";
    ReasonsLead = "reasons.lead";
    ReasonsTotal = "reasons.total";
    SignatureNote = "signature.note";
    ActTitle = "act.title";
    ActNumber = "act.number" ["number", "version"];
    ActMade = "act.made" ["date"];
    ActPeriod = "act.period" ["from", "to", "date"];
    ActReadings = "act.readings";
    ActLegend = "act.legend";
    ActTotal = "act.total" ["energy", "unit"];
    ActSubConsumers = "act.subconsumers";
    ActLossPercent = "act.loss_percent" ["percent"];
    ActActual = "act.actual";
    ActEstimated = "act.estimated";
    ActOperator = "act.operator";
    ActRolledOver = "act.rolled_over";
    ActUntil = "act.until" ["date"];
    ActReply = "act.reply" ["address"];
    ActReplySubject = "act.reply_subject" ["contract", "period"];
    ActReplyCode = "act.reply_code";
    ActSeal = "act.seal";
    ActSigning = "act.signing";
    ActHow = "act.how";
    ActDigest = "act.digest";
    ActPosition = "act.position";
    ActSignature = "act.signature";
    ActDay = "act.day";
    Page = "foot.page" ["page", "pages"];
    StandingOpening = "standing.opening" ["date"];
    StandingCharged = "standing.charged";
    StandingPaid = "standing.paid";
    StandingOwed = "standing.owed" ["date"];
    StandingAdvance = "standing.advance" ["date"];
    StandingNone = "standing.none" ["date"];
    StandingOverdue = "standing.overdue" ["amount", "days"];
    ChartTitle = "chart.title";
    ChartLead = "chart.lead" ["month", "volume"];
    ChartMore = "chart.more" ["percent"];
    ChartLess = "chart.less" ["percent"];
    ChartSame = "chart.same";
    ChartNow = "chart.now";
    ChartBefore = "chart.before";
    ChartAlt = "chart.alt" ["figures"];
    ChartFigure = "chart.figure" ["month", "volume"];
    ChartFigures = "chart.figures" ["month", "volume", "before"];
    StampTitle = "stamp.title";
    StampAt = "stamp.at" ["time"];
    StampCertificate = "stamp.certificate" ["serial"];
    StampAuthority = "stamp.authority" ["authority"];
    BreakdownPrices = "breakdown.prices";
    BreakdownLossParts = "breakdown.loss_parts" ["parts"];
    ReactiveTitle = "reactive.title";
    ReactiveLead = "reactive.lead";
    ReactiveTotal = "reactive.total";
    NoticeTitle = "notice.title";
    NoticeLead = "notice.lead" ["days"];
    NoticeTotal = "notice.total";
    NoticePayments = "notice.payments";
    NoticeNoPayments = "notice.no_payments";
    NoticeNotices = "notice.notices";
    NoticeOfDebt = "notice.of_debt" ["amount", "days"];
    NoticeDisconnection = "notice.disconnection" ["point", "from", "to", "reason"];
    NoticePlanned = "notice.planned" ["point", "from", "reason"];
    NoticeDisconnected = "notice.disconnected" ["point", "from", "reason"];
    NoticeLimits = "notice.limits" ["month", "limits"];
    NoticeOwn = "notice.own";
    ActEnergyTitle = "act_energy.title";
    ActEnergyLead = "act_energy.lead" ["month"];
    ActEnergyLine = "act_energy.line";
    ActNetworkTitle = "act_network.title";
    ActNetworkLead = "act_network.lead" ["month"];
    ActReactiveTitle = "act_reactive.title";
    ActReactiveLead = "act_reactive.lead" ["month"];
    ActsHead = "acts.head" ["invoice", "contract"];
    ActsTotal = "acts.total";
    ActsInWords = "acts.in_words";
    ActsNoClaims = "acts.no_claims";
    ActsReturn = "acts.return";
    ActsSupplier = "acts.supplier";
    ActsOperator = "acts.operator";
    ActsCustomer = "acts.customer";
    ActsPosition = "acts.position";
    ActsSignature = "acts.signature";
    ActsDate = "acts.date";
    ZonesTitle = "zones.title";
    ZonesLead = "zones.lead" ["month"];
    ZonesThreeNight = "zones.three_night";
    ZonesThreeHalfPeak = "zones.three_half_peak";
    ZonesThreePeak = "zones.three_peak";
    ZonesTwoNight = "zones.two_night";
    ZonesTwoDay = "zones.two_day";
    ZonesByZones = "zones.by_zones";
    ZonesBySingle = "zones.by_single" ["volume", "price"];
    ZonesDifference = "zones.difference";
    DuePrepaid = "due.prepaid" ["total", "prepaid"];
    DuePaid = "due.paid";
    DuePaidUp = "due.paid_up";
    StatementAccount = "statement.account";
    StatementCustomer = "statement.customer";
    StatementEmails = "statement.emails";
    StatementFrom = "statement.from";
    StatementTold = "statement.told";
    StatementEmpty = "statement.empty";
    StatementDays = "statement.days" ["first", "last"];
    StatementNote = "statement.note";
    StatementTitleBalance = "statement.title.balance";
    StatementTitleCharges = "statement.title.charges";
    StatementTitlePayments = "statement.title.payments";
    StatementTitleTariffs = "statement.title.tariffs";
    StatementTitleLimits = "statement.title.limits";
    StatementTitleMeters = "statement.title.meters";
    StatementTitleDisconnections = "statement.title.disconnections";
    StatementTitleContract = "statement.title.contract";
    StatementTableDebts = "statement.table.debts";
    StatementTableOpen = "statement.table.open";
    StatementTableAdvances = "statement.table.advances";
    StatementTableCharges = "statement.table.charges";
    StatementTableLines = "statement.table.lines";
    StatementTablePayments = "statement.table.payments";
    StatementTableParts = "statement.table.parts";
    StatementTableTariffs = "statement.table.tariffs";
    StatementTableLimits = "statement.table.limits";
    StatementTableMeters = "statement.table.meters";
    StatementTableRegisters = "statement.table.registers";
    StatementTableDisconnections = "statement.table.disconnections";
    StatementTableContract = "statement.table.contract";
    StatementTablePoints = "statement.table.points";
    StatementTableSigners = "statement.table.signers";
    StatementColumnDebt = "statement.column.debt";
    StatementColumnOpening = "statement.column.opening";
    StatementColumnCharged = "statement.column.charged";
    StatementColumnPaid = "statement.column.paid";
    StatementColumnClosing = "statement.column.closing";
    StatementColumnOverdue = "statement.column.overdue";
    StatementColumnOverdueDays = "statement.column.overdue_days";
    StatementColumnPeriod = "statement.column.period";
    StatementColumnKind = "statement.column.kind";
    StatementColumnDocument = "statement.column.document";
    StatementColumnAmount = "statement.column.amount";
    StatementColumnOpen = "statement.column.open";
    StatementColumnDue = "statement.column.due";
    StatementColumnBooked = "statement.column.booked";
    StatementColumnName = "statement.column.name";
    StatementColumnZone = "statement.column.zone";
    StatementColumnClass = "statement.column.class";
    StatementColumnQuantity = "statement.column.quantity";
    StatementColumnUnit = "statement.column.unit";
    StatementColumnPrice = "statement.column.price";
    StatementColumnNet = "statement.column.net";
    StatementColumnPaidOn = "statement.column.paid_on";
    StatementColumnReference = "statement.column.reference";
    StatementColumnPurpose = "statement.column.purpose";
    StatementColumnRegistered = "statement.column.registered";
    StatementColumnPosted = "statement.column.posted";
    StatementColumnAdvance = "statement.column.advance";
    StatementColumnAllocated = "statement.column.allocated";
    StatementColumnComponent = "statement.column.component";
    StatementColumnProduct = "statement.column.product";
    StatementColumnValidFrom = "statement.column.valid_from";
    StatementColumnValidTo = "statement.column.valid_to";
    StatementColumnLimit = "statement.column.limit";
    StatementColumnArea = "statement.column.area";
    StatementColumnLimitAmount = "statement.column.limit_amount";
    StatementColumnRegisteredOn = "statement.column.registered_on";
    StatementColumnEic = "statement.column.eic";
    StatementColumnObject = "statement.column.object";
    StatementColumnAddress = "statement.column.address";
    StatementColumnSerial = "statement.column.serial";
    StatementColumnModel = "statement.column.model";
    StatementColumnCoefficient = "statement.column.coefficient";
    StatementColumnInstalled = "statement.column.installed";
    StatementColumnRemoved = "statement.column.removed";
    StatementColumnEnergy = "statement.column.energy";
    StatementColumnDigits = "statement.column.digits";
    StatementColumnFrom = "statement.column.from";
    StatementColumnTo = "statement.column.to";
    StatementColumnReason = "statement.column.reason";
    StatementColumnFact = "statement.column.fact";
    StatementColumnValue = "statement.column.value";
    StatementColumnBasis = "statement.column.basis";
    StatementColumnPower = "statement.column.power";
    StatementColumnTotal = "statement.column.total";
}
