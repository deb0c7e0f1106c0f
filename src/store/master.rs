//! Master data in tables: by what accounts, addresses, registers and owners are found. What is true of an account, its
//! versions say (`versions`).

use chrono::NaiveDate;
use oblik_domain::account::{Account, AccountRecord, AuthorisedSigner, SelfBilling, SignerIdentity};
use oblik_domain::energy::Coefficient;
use oblik_domain::ids::{ContractNumber, Edrpou, Eic, MeterSerial, Rnokpp};
use oblik_domain::metering::{EnergyKind, Meter, Register, UsagePoint, VoltageClass, Zone};

use crate::statement::{Record, statements, values};
use crate::{Result, Tx};

statements! {
    PUT_ACCOUNT = "INSERT INTO account (contract, contract_date, name, edrpou, vat_number, address, product, self_billing) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                   ON CONFLICT (contract) DO UPDATE SET contract_date = excluded.contract_date, name = excluded.name, edrpou = excluded.edrpou, \
                   vat_number = excluded.vat_number, address = excluded.address, product = excluded.product, self_billing = excluded.self_billing";
    FORGET_EMAILS = "DELETE FROM account_email WHERE contract = $1";
    ADD_EMAIL = "INSERT INTO account_email (contract, ordinal, address) VALUES ($1, $2, $3)";
    FORGET_SIGNERS = "DELETE FROM signer WHERE contract = $1";
    ADD_SIGNER = "INSERT INTO signer (contract, name, basis, certificate_sha256, edrpou, rnokpp, valid_from, valid_to) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    PUT_POINT = "INSERT INTO usage_point (eic, contract, name, address, voltage_class, valid_from, valid_to) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                 ON CONFLICT (eic) DO UPDATE SET name = excluded.name, address = excluded.address, voltage_class = excluded.voltage_class, \
                 valid_from = excluded.valid_from, valid_to = excluded.valid_to WHERE usage_point.contract = excluded.contract";
    PUT_FED = "INSERT INTO fed_point (eic, through) VALUES ($1, $2) ON CONFLICT (eic, through) DO NOTHING";
    PUT_METER = "INSERT INTO meter (point, serial, model, coefficient, installed_on, removed_on) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (point, serial) DO UPDATE SET model = excluded.model, coefficient = excluded.coefficient, \
                 installed_on = excluded.installed_on, removed_on = excluded.removed_on";
    PUT_REGISTER = "INSERT INTO register (point, serial, kind, zone, digits) VALUES ($1, $2, $3, $4, $5) \
                    ON CONFLICT (point, serial, kind, zone) DO UPDATE SET digits = excluded.digits";
    ACCOUNT = "SELECT contract, contract_date, name, edrpou, vat_number, address, product, self_billing FROM account WHERE contract = $1";
    EMAILS = "SELECT address FROM account_email WHERE contract = $1 ORDER BY ordinal";
    POINTS = "SELECT eic, name, address, voltage_class, valid_from, valid_to FROM usage_point WHERE contract = $1 ORDER BY eic";
    METERS = "SELECT point, serial, model, coefficient, installed_on, removed_on FROM meter WHERE point IN (SELECT eic FROM usage_point WHERE contract = $1) ORDER BY point, serial";
    REGISTERS = "SELECT point, serial, kind, zone, digits FROM register WHERE point IN (SELECT eic FROM usage_point WHERE contract = $1) ORDER BY point, serial, kind, zone";
    SIGNERS = "SELECT name, basis, certificate_sha256, edrpou, rnokpp, valid_from, valid_to FROM signer WHERE contract = $1 ORDER BY id";
    OF_ADDRESS = "SELECT DISTINCT contract FROM account_email WHERE address = $1 ORDER BY contract";
    REGISTER_OWNER = "SELECT usage_point.contract FROM register JOIN usage_point ON usage_point.eic = register.point \
                      WHERE point = $1 AND serial = $2 AND kind = $3 AND zone = $4";
    OF_EDRPOU = "SELECT contract FROM account WHERE edrpou = $1 ORDER BY contract";
    CONTRACTS = "SELECT contract FROM account ORDER BY contract";
}

pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}

pub(crate) fn day(value: Option<NaiveDate>) -> Option<String> {
    value.map(|day| day.to_string())
}

fn billing_word(self_billing: SelfBilling) -> &'static str {
    match self_billing {
        SelfBilling::Allowed => "allowed",
        SelfBilling::Forbidden => "forbidden",
    }
}

impl Tx {
    /// Brings the tables of an account up to a version of it. Addresses and signers are replaced; points and meters are
    /// never removed.
    ///
    /// # Errors
    /// [`crate::StoreError::Rows`] when a point belongs to another account.
    pub(crate) async fn put_relations(&mut self, record: &AccountRecord) -> Result<()> {
        let Account { contract, contract_date, name, edrpou, vat_number, address, emails, product, self_billing, .. } =
            &record.account;
        let values = values![
            contract.as_str(),
            contract_date.to_string(),
            name.as_str(),
            edrpou.as_str(),
            vat_number.as_str(),
            address.as_str(),
            product.as_str(),
            billing_word(*self_billing),
        ];
        self.execute_one(&PUT_ACCOUNT, values).await?;
        self.execute(&FORGET_EMAILS, values![contract.as_str()]).await?;
        for (ordinal, email) in (1_i64..).zip(emails) {
            self.execute_one(&ADD_EMAIL, values![contract.as_str(), ordinal, email.as_str()]).await?;
        }
        self.execute(&FORGET_SIGNERS, values![contract.as_str()]).await?;
        for signer in &record.signers {
            self.put_signer(contract, signer).await?;
        }
        for point in &record.points {
            self.put_point(contract, point).await?;
        }
        for meter in &record.meters {
            self.put_meter(meter).await?;
        }
        Ok(())
    }

    async fn put_signer(&mut self, contract: &ContractNumber, signer: &AuthorisedSigner) -> Result<()> {
        let (certificate, edrpou, rnokpp) = match &signer.identity {
            SignerIdentity::Certificate(sha256) => (Some(hex::encode(sha256)), None, None),
            SignerIdentity::Person { edrpou, rnokpp } => (None, Some(edrpou.as_str()), Some(rnokpp.as_str())),
            SignerIdentity::Seal { edrpou } => (None, Some(edrpou.as_str()), None),
        };
        let (from, to) = (signer.from.to_string(), day(signer.to));
        let values =
            values![contract.as_str(), signer.name.as_str(), signer.basis.as_str(), certificate, edrpou, rnokpp, from, to];
        self.execute_one(&ADD_SIGNER, values).await
    }

    async fn put_point(&mut self, contract: &ContractNumber, point: &UsagePoint) -> Result<()> {
        let values = values![
            point.eic.as_str(),
            contract.as_str(),
            point.name.as_str(),
            point.address.as_str(),
            point.voltage_class.as_str(),
            point.from.to_string(),
            day(point.to),
        ];
        self.execute_one(&PUT_POINT, values).await?;
        for through in point.terms.iter().filter_map(|terms| terms.value.fed_through.as_ref()) {
            self.execute(&PUT_FED, values![point.eic.as_str(), through.as_str()]).await?;
        }
        Ok(())
    }

    async fn put_meter(&mut self, meter: &Meter) -> Result<()> {
        let values = values![
            meter.point.as_str(),
            meter.serial.as_str(),
            meter.model.as_str(),
            meter.coefficient.to_string(),
            meter.installed_on.to_string(),
            day(meter.removed_on),
        ];
        self.execute_one(&PUT_METER, values).await?;
        for Register { kind, zone, digits } in &meter.registers {
            let values = values![meter.point.as_str(), meter.serial.as_str(), kind.as_str(), zone.as_str(), i64::from(*digits)];
            self.execute_one(&PUT_REGISTER, values).await?;
        }
        Ok(())
    }

    /// An account as its tables tell it: all there was of it before versions were kept.
    pub(crate) async fn relational_record(&mut self, contract: &ContractNumber) -> Result<Option<AccountRecord>> {
        let key = || values![contract.as_str()];
        let Some(row) = self.row_or_none(&ACCOUNT, key()).await? else { return Ok(None) };
        let emails = self.rows(&EMAILS, key()).await?.into_iter().map(|mut row| row.text()).collect::<Result<_>>()?;
        let account = account(row, emails)?;
        let points = self.rows(&POINTS, key()).await?;
        let points = points.into_iter().map(|row| point(row, contract)).collect::<Result<_>>()?;
        let meters = self.rows(&METERS, key()).await?;
        let mut meters = meters.into_iter().map(meter).collect::<Result<Vec<_>>>()?;
        for mut row in self.rows(&REGISTERS, key()).await? {
            let (point, serial) = (row.text()?, row.text()?);
            let register = Register {
                kind: row.parsed(EnergyKind::parse)?,
                zone: row.parsed(Zone::parse)?,
                digits: row.counted(|value| u8::try_from(value).ok())?,
            };
            let owner = meters.iter_mut().find(|meter| meter.point.as_str() == point && meter.serial.as_str() == serial);
            if let Some(meter) = owner {
                meter.registers.push(register);
            }
        }
        let signers = self.rows(&SIGNERS, key()).await?;
        let signers = signers.into_iter().map(|row| signer(row, contract)).collect::<Result<_>>()?;
        Ok(Some(AccountRecord { account, points, meters, signers }))
    }

    /// The accounts an address is registered for.
    pub async fn accounts_of_address(&mut self, address: &str) -> Result<Vec<ContractNumber>> {
        let rows = self.rows(&OF_ADDRESS, values![address.to_lowercase()]).await?;
        rows.into_iter().map(|mut row| row.parsed(|text| ContractNumber::parse(text).ok())).collect()
    }

    /// The account whose register this is.
    pub async fn register_owner(&mut self, register: &oblik_domain::metering::RegisterKey) -> Result<Option<ContractNumber>> {
        let values = values![register.point.as_str(), register.meter.as_str(), register.kind.as_str(), register.zone.as_str()];
        let row = self.row_or_none(&REGISTER_OWNER, values).await?;
        row.map(|mut row| row.parsed(|text| ContractNumber::parse(text).ok())).transpose()
    }

    /// The accounts of a legal entity.
    pub async fn accounts_of_edrpou(&mut self, edrpou: &Edrpou) -> Result<Vec<ContractNumber>> {
        let rows = self.rows(&OF_EDRPOU, values![edrpou.as_str()]).await?;
        rows.into_iter().map(|mut row| row.parsed(|text| ContractNumber::parse(text).ok())).collect()
    }

    pub async fn contracts(&mut self) -> Result<Vec<ContractNumber>> {
        let rows = self.rows(&CONTRACTS, values![]).await?;
        rows.into_iter().map(|mut row| row.parsed(|text| ContractNumber::parse(text).ok())).collect()
    }
}

fn account(mut row: Record, emails: Vec<String>) -> Result<Account> {
    Ok(Account {
        contract: row.parsed(|text| ContractNumber::parse(text).ok())?,
        contract_date: row.parsed(date)?,
        name: row.text()?,
        edrpou: row.parsed(|text| Edrpou::parse(text).ok())?,
        vat_number: row.text()?,
        address: row.text()?,
        product: row.text()?,
        self_billing: row.parsed(|word| {
            [SelfBilling::Allowed, SelfBilling::Forbidden].into_iter().find(|known| billing_word(*known) == word)
        })?,
        emails,
        branch: None,
        terms: Vec::new(),
        limits: Vec::new(),
    })
}

fn point(mut row: Record, contract: &ContractNumber) -> Result<UsagePoint> {
    Ok(UsagePoint {
        eic: row.parsed(|text| Eic::parse(text).ok())?,
        contract: contract.clone(),
        name: row.text()?,
        address: row.text()?,
        voltage_class: row.parsed(VoltageClass::parse)?,
        from: row.parsed(date)?,
        to: row.parsed_or_null(date)?,
        terms: Vec::new(),
        disconnections: Vec::new(),
    })
}

fn meter(mut row: Record) -> Result<Meter> {
    Ok(Meter {
        point: row.parsed(|text| Eic::parse(text).ok())?,
        serial: row.parsed(|text| MeterSerial::parse(text).ok())?,
        model: row.text()?,
        coefficient: row.parsed(|text| Coefficient::new(text.parse().ok()?))?,
        installed_on: row.parsed(date)?,
        removed_on: row.parsed_or_null(date)?,
        registers: Vec::new(),
        coefficients: Vec::new(),
    })
}

fn signer(mut row: Record, contract: &ContractNumber) -> Result<AuthorisedSigner> {
    let (name, basis) = (row.text()?, row.text()?);
    let certificate = row.parsed_or_null(|text| <[u8; 32]>::try_from(hex::decode(text).ok()?).ok())?;
    let edrpou = row.parsed_or_null(|text| Edrpou::parse(text).ok())?;
    let rnokpp = row.parsed_or_null(|text| Rnokpp::parse(text).ok())?;
    let identity = match (certificate, edrpou, rnokpp) {
        (Some(sha256), _, _) => SignerIdentity::Certificate(sha256),
        (None, Some(edrpou), Some(rnokpp)) => SignerIdentity::Person { edrpou, rnokpp },
        (None, Some(edrpou), None) => SignerIdentity::Seal { edrpou },
        (None, None, _) => {
            return Err(crate::StoreError::Meaning { statement: "SIGNERS", column: 3, value: "no identity".to_owned() });
        }
    };
    let (from, to) = (row.parsed(date)?, row.parsed_or_null(date)?);
    Ok(AuthorisedSigner { contract: contract.clone(), name, identity, basis, from, to })
}
