import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.parser.IParser;
import ca.uhn.fhir.parser.StrictErrorHandler;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r4.model.Bundle;

/**
 * Parses the bundles of a folder strictly with HAPI, validates them against FHIR R4 and writes for each what HAPI understood (encoded
 * again) and what the validator says: {file: {parsed: …, messages: ["warning at PLACE: TEXT"]}}.
 */
public class Validate {
  public static void main(String[] args) throws Exception {
    FhirContext context = FhirContext.forR4();
    IParser parser = context.newJsonParser();
    parser.setParserErrorHandler(new StrictErrorHandler());
    parser.setOverrideResourceIdWithBundleEntryFullUrl(false);
    FhirInstanceValidator instance = new FhirInstanceValidator(new ValidationSupportChain(new DefaultProfileValidationSupport(context),
        new CommonCodeSystemsTerminologyService(context), new InMemoryTerminologyServerValidationSupport(context)));
    instance.setNoTerminologyChecks(false);
    instance.setErrorForUnknownProfiles(true);
    FhirValidator validator = context.newValidator().registerValidatorModule(instance);

    Map<String, Map<String, Object>> all = new TreeMap<>();
    try (Stream<Path> files = Files.list(Path.of(args[0]))) {
      for (Path file : files.sorted().toList()) {
        String text = Files.readString(file);
        Bundle bundle = parser.parseResource(Bundle.class, text);
        List<String> messages = new ArrayList<>();
        for (SingleValidationMessage message : validator.validateWithResult(text).getMessages())
          if (message.getSeverity() != ResultSeverityEnum.INFORMATION)
            messages.add(message.getSeverity().getCode() + " at " + message.getLocationString() + ": " + message.getMessage());
        JsonElement parsed = JsonParser.parseString(parser.encodeResourceToString(bundle));
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("messages", messages);
        result.put("parsed", parsed);
        all.put(file.getFileName().toString().replace(".json", ""), result);
      }
    }
    Files.writeString(Path.of(args[1]), new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(all) + "\n");
  }
}
