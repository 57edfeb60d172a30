import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.model.AbstractGroup;
import ca.uhn.hl7v2.model.Composite;
import ca.uhn.hl7v2.model.Group;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.Primitive;
import ca.uhn.hl7v2.model.Segment;
import ca.uhn.hl7v2.model.Structure;
import ca.uhn.hl7v2.model.Type;
import ca.uhn.hl7v2.model.Varies;
import ca.uhn.hl7v2.model.v251.message.ORU_R01;
import ca.uhn.hl7v2.parser.PipeParser;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import com.google.gson.GsonBuilder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Parses the messages of a folder with HAPI and writes every value that it finds, unescaped: {file: {"PATIENT/PID-5(0).1.1": value}}. */
public class Fields {
  public static void main(String[] args) throws Exception {
    Map<String, Map<String, String>> all = new TreeMap<>();
    try (HapiContext context = new DefaultHapiContext(); Stream<Path> files = Files.list(Path.of(args[0]))) {
      context.setValidationContext(ValidationContextFactory.defaultValidation());
      PipeParser parser = context.getPipeParser();
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        Charset charset = name.contains("latin1") ? StandardCharsets.ISO_8859_1 : name.contains("ascii") ? StandardCharsets.US_ASCII : StandardCharsets.UTF_8;
        Message message = parser.parse(Files.readString(file, charset));
        if (!(message instanceof ORU_R01)) throw new IllegalStateException(name + " is a " + message.getClass());
        if (message instanceof AbstractGroup group && !group.getNonStandardNames().isEmpty()) throw new IllegalStateException(name + " has segments that ORU_R01 has not");
        Map<String, String> values = new TreeMap<>();
        group(message, "", values);
        all.put(name.replace(".hl7", ""), values);
      }
    }
    String json = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(all);
    Files.writeString(Path.of(args[1]), json + "\n");
  }

  private static void group(Group group, String place, Map<String, String> values) throws Exception {
    for (String name : group.getNames()) {
      Structure[] repetitions = group.getAll(name);
      for (int index = 0; index < repetitions.length; index++) {
        String here = place + name + (group.isRepeating(name) ? "(" + index + ")" : "");
        if (repetitions[index] instanceof Segment segment) segment(segment, here, values);
        else group((Group) repetitions[index], here + "/", values);
      }
    }
  }

  private static void segment(Segment segment, String place, Map<String, String> values) throws Exception {
    for (int field = 1; field <= segment.numFields(); field++) {
      Type[] repetitions = segment.getField(field);
      for (int index = 0; index < repetitions.length; index++)
        type(repetitions[index], place + "-" + field + (repetitions.length > 1 ? "(" + index + ")" : ""), values);
    }
  }

  private static void type(Type type, String place, Map<String, String> values) {
    if (type.getExtraComponents().numComponents() > 0) throw new IllegalStateException(place + " has more components than its type");
    if (type instanceof Varies varies) type(varies.getData(), place, values);
    else if (type instanceof Composite composite) {
      List<Type> components = new ArrayList<>(List.of(composite.getComponents()));
      for (int index = 0; index < components.size(); index++) type(components.get(index), place + "." + (index + 1), values);
    } else {
      String value = ((Primitive) type).getValue();
      if (value != null && !value.isEmpty()) values.put(place.replace("PATIENT_RESULT(0)/", ""), value);
    }
  }
}
